//! What was asked for, and what was to be left out.

use super::{size, texts, usual};

#[test]
fn a_zeroed_negative_is_none_and_an_empty_one_too() {
    let zero = r#"20 ConditioningZeroOut {"conditioning":["6",0]}"#;
    let facts = usual(r#""negative":["20",0]"#, zero);
    assert_eq!((texts(&facts.positive), facts.negative.len()), (vec!["a fox"], 0));
    let empty = r#"20 CLIPTextEncode {"text":" \n","clip":["4",1]}"#;
    assert!(usual(r#""negative":["20",0]"#, empty).negative.is_empty());
}

#[test]
fn both_sides_stay_apart_through_nodes_with_several_outputs() {
    let more = r#"
        20 WanInfiniteTalkToVideo {"model":["4",0],"positive":["6",0],"negative":["7",0],"width":640,"height":640,"length":81}
        21 LTXVReferenceAudio {"model":["20",0],"positive":["20",1],"negative":["20",2]}
    "#;
    let facts = usual(r#""model":["21",0],"positive":["21",1],"negative":["21",2],"latent_image":["20",3]"#, more);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a fox"], vec!["blurry"]));
    assert_eq!((texts(&facts.models), facts.length.as_deref()), (vec!["base.safetensors"], Some("81")));
    let one = r#"20 TextEncodeBooguEdit {"prompt":"yes","negative_prompt":"no","clip":["4",1],"image":["21",0]}
        21 LoadImage {"image":"a.png"}"#;
    let facts = usual(r#""positive":["20",0],"negative":["20",1]"#, one);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["yes"], vec!["no"]));
    let crossed =
        r#"20 ControlNetApplyAdvanced {"positive":["7",0],"negative":["6",0],"control_net":["21",0],"image":["22",0]}"#;
    let facts = usual(r#""positive":["20",1],"negative":["20",0]"#, crossed);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a fox"], vec!["blurry"]));
}

#[test]
fn conditioning_is_followed_through_areas_combinations_and_averages() {
    let more = r#"
        20 ConditioningCombine {"conditioning_1":["21",0],"conditioning_2":["22",0]}
        21 ConditioningSetArea {"conditioning":["6",0],"width":64,"height":64}
        22 ConditioningConcat {"conditioning_to":["23",0],"conditioning_from":["24",0]}
        23 CLIPTextEncodeSDXL {"text_g":"sky","text_l":"sky","width":4096,"height":4096,"clip":["4",1]}
        24 unCLIPConditioning {"conditioning":["25",0],"clip_vision_output":["26",0]}
        25 ConditioningSetTimestepRange {"conditioning":["27",0],"start":0,"end":0}
        27 CLIPTextEncode {"text":"never","clip":["4",1]}
        30 Reroute {"":["31",0]}
        31 ReferenceLatent {"conditioning":["7",0],"latent":["5",0]}
    "#;
    let facts = usual(r#""positive":["20",0],"negative":["30",0]"#, more);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a fox", "sky"], vec!["blurry"]));
    assert_eq!(size(&facts), Some(("512", "768")));
}

#[test]
fn texts_are_put_together_as_the_nodes_do_it() {
    let of = |more: &str| {
        let facts = usual(
            r#""positive":["20",0]"#,
            &[r#"20 CLIPTextEncode {"text":["30",0],"clip":["4",1]}"#, "\n", more].concat(),
        );
        facts.positive.first().cloned().unwrap_or_default()
    };
    for (more, text) in [
        (
            r#"30 StringConcatenate {"string_a":"a","string_b":["31",0],"delimiter":"-"}
            31 StringTrim {"string":" b ","mode":"Both"}"#,
            "a-b",
        ),
        (
            r#"30 StringReplace {"string":["31",0],"find":"x","replace":["32",0]}
            31 PreviewAny {"source":["33",0]}
            32 PreviewAny {"source":["34",0]}
            33 PrimitiveStringMultiline {"value":"x and x"}
            34 PrimitiveInt {"value":3}"#,
            "3 and 3",
        ),
        (
            r#"30 RegexReplace {"string":"a1b22","regex_pattern":"[0-9]+","replace":"_","count":1,"case_insensitive":false}"#,
            "a_b22",
        ),
        (
            r#"30 RegexExtract {"string":"one\ntwo\nthree","regex_pattern":["31",0],"mode":"First Group","group_index":1}
            31 StringReplace {"string":"^(?:[^\\n]*\\n){index}([^\\n]*)(?:\\n|$)","find":"index","replace":["32",0]}
            32 PreviewAny {"source":["33",1]}
            33 CustomCombo {"choice":"b","index":1,"option1":"a","option2":"b"}"#,
            "two",
        ),
        (
            r#"30 JsonExtractString {"json_string":"{\"a\":{\"b\":[1,\"c\"]},\"d\":\"e\"}","key":["31",0]}
            31 CustomCombo {"choice":"a","index":0}"#,
            "{'b': [1, 'c']}",
        ),
        (r#"30 StringSubstring {"string":"abcdef","start":1,"end":-2}"#, "bcd"),
        (r#"30 CaseConverter {"string":"Abc","mode":"UPPERCASE"}"#, "ABC"),
        (
            r#"30 Text Concatenate {"delimiter":", ","clean_whitespace":"true","text_a":["31",0],"text_b":["32",0]}
            31 Text Multiline {"text":"cat"}
            32 Text String {"text":"one","text_b":"two"}"#,
            "cat, one",
        ),
        (
            r#"30 JoinStrings {"string1":"a","string2":["31",0],"delimiter":" "}
            31 ShowText|pysssss {"text":["32",0],"text_0":"seen before"}
            32 easy string {"value":"b"}"#,
            "a b",
        ),
        (
            r#"30 ImpactWildcardProcessor {"wildcard_text":"__animal__","populated_text":"owl","mode":true,"seed":4}"#,
            "owl",
        ),
        // What only the run will know.
        (r#"30 Florence2Run {"florence2_model":["31",0],"image":["32",0],"text_input":"","seed":1}"#, ""),
        (r#"30 RegexReplace {"string":"é","regex_pattern":"\\w","replace":"x"}"#, ""),
        (r#"30 RegexReplace {"string":"a","regex_pattern":"(?<=b)a","replace":"x"}"#, ""),
    ] {
        assert_eq!(of(more), text, "{more}");
    }
}

#[test]
fn music_has_tags_and_lyrics() {
    let more = r#"
        20 TextEncodeAceStepAudio1.5 {"tags":"synthwave","lyrics":"[Verse]\nNeon","seed":3,"cfg_scale":2,"clip":["4",1]}
        21 ConditioningZeroOut {"conditioning":["20",0]}
        22 EmptyAceStep1.5LatentAudio {"seconds":120,"batch_size":1}
    "#;
    let facts = usual(r#""positive":["20",0],"negative":["21",0],"latent_image":["22",0]"#, more);
    assert_eq!(
        (texts(&facts.tags), texts(&facts.positive), texts(&facts.lyrics)),
        (vec!["synthwave"], vec!["synthwave"], vec!["[Verse]\nNeon"])
    );
    assert_eq!((facts.seconds.as_deref(), size(&facts), texts(&facts.seeds)), (Some("120"), None, vec!["7"]));
}
