//! What somebody typed, through the string nodes of many makers, and beside what is made at run time.

use super::{texts, usual};
use crate::facts::*;

/// What a sampler is told by an encoder whose text is node `30`.
fn told(more: &str) -> Facts {
    usual(r#""positive":["20",0]"#, &[r#"20 CLIPTextEncode {"text":["30",0],"clip":["4",1]}"#, "\n", more].concat())
}

#[test]
fn string_nodes_of_many_makers_give_what_they_put_together() {
    for (more, text) in [
        (
            r#"30 StringFunction|pysssss {"action":"append","tidy_tags":"yes","text_a":"a  b ,","text_b":"c","text_c":""}"#,
            "a b, c",
        ),
        (
            r#"30 StringFunction|pysssss {"action":"replace","tidy_tags":"no","text_a":"a cat","text_b":"cat","text_c":"dog"}"#,
            "a dog",
        ),
        (
            r#"30 StringFunction|pysssss {"action":"replace","tidy_tags":"no","text_a":"a 12","text_b":"/[0-9]+/","text_c":"n"}"#,
            "a n",
        ),
        (r#"30 StringConstantMultiline {"string":"a\nb ","strip_newlines":true}"#, "ab"),
        (r#"30 StringConstantMultiline {"string":"a\nb","strip_newlines":false}"#, "a\nb"),
        (r#"30 StringConstant {"string":"a","label":"x"}"#, "a"),
        ("30 Text Multiline {\"text\":\"a\\n# not this\\nb\"}", "a\nb"),
        (r#"30 Text Find and Replace {"text":"a red cat","find":"red","replace":"blue"}"#, "a blue cat"),
        (r#"30 Text Find and Replace {"text":"a red cat","find":"r.d","replace":"blue"}"#, "a blue cat"),
        (
            r#"30 CR Text Replace {"text":["31",0],"find1":"x","replace1":"cat","find2":"","replace2":"","find3":"y","replace3":"dog"}
            31 CR Text {"text":"x and y"}"#,
            "cat and dog",
        ),
        (r#"30 String Replace (mtb) {"string":"a_b","old":"_.*","new":"","use_regex":true}"#, "a"),
        (r#"30 CR Text Operation {"text":"Abc","operation":"uppercase"}"#, "ABC"),
        (r#"30 CR Text Concatenate {"text1":"a","text2":"","separator":", "}"#, "a, "),
        (r#"30 JoinStrings {"string1":"","string2":"b","delimiter":"-"}"#, "-b"),
        (
            r#"30 JoinStringMulti {"inputcount":2,"string_1":"a","string_2":"b","string_3":"old","delimiter":" ","return_list":false}"#,
            "a b",
        ),
        (r#"30 Text Concatenate {"delimiter":", ","clean_whitespace":"true","text_a":" a ","text_b":"b\n"}"#, "a, b"),
        (r#"30 Text Concatenate {"linebreak_addition":"true","text_a":"a","text_b":"b"}"#, "a\nb"),
        (r#"30 easy promptConcat {"prompt1":"a","prompt2":"b","separator":", "}"#, "a, b"),
        (
            r#"30 easy promptReplace {"prompt":"a cat","find1":"cat","replace1":"dog","find2":"","replace2":""}"#,
            "a dog",
        ),
        (r#"30 easy positive {"positive":"a cat"}"#, "a cat"),
        (r#"30 easy wildcards {"text":"a cat","seed":1,"multiline_mode":false}"#, "a cat"),
        (
            r#"30 SomethingToString {"input":["31",0],"prefix":"p ","suffix":" s"}
            31 PrimitiveInt {"value":3}"#,
            "p 3 s",
        ),
        (
            r#"30 PromptStashSaver {"use_input_text":true,"text":["31",0],"prompt_text":"old"}
            31 PrimitiveString {"value":"new"}"#,
            "new",
        ),
        (
            r#"30 Textbox {"text":"seen before","passthrough":["31",0]}
            31 PrimitiveString {"value":"new"}"#,
            "new",
        ),
        (
            r#"30 Any Switch (rgthree) {"any_01":["31",0],"any_02":["32",0]}
            31 Any Switch (rgthree) {}
            32 PrimitiveString {"value":"the first that is there"}"#,
            "the first that is there",
        ),
        (
            r#"30 ComfySwitchNode {"switch":["31",0],"on_true":["32",0],"on_false":["32",0]}
            31 SomethingUnknown {"image":["33",0]}
            32 PrimitiveString {"value":"either way"}
            33 LoadImage {"image":"a.png"}"#,
            "either way",
        ),
    ] {
        assert_eq!(texts(&told(more).positive), [text], "{more}");
    }
}

#[test]
fn a_typed_text_beside_one_that_is_made_at_run_time_is_kept() {
    let made = r#"
        40 Florence2Run {"image":["41",0],"florence2_model":["42",0],"text_input":"","task":"caption","seed":1}
        41 LoadImage {"image":"cat.png"}
        42 DownloadAndLoadFlorence2Model {"model":"microsoft/Florence-2-base"}
        43 WD14Tagger|pysssss {"image":["41",0],"model":"wd-v1","threshold":0.3,"tags":"1girl, seen before"}
        44 GptTag {"image":["41",0]}
    "#;
    for (join, typed) in [
        (r#"30 StringConcatenate {"string_a":"a castle","string_b":["40",2],"delimiter":", "}"#, vec!["a castle"]),
        (
            r#"30 Text Concatenate {"delimiter":", ","clean_whitespace":"true","text_a":["31",0],"text_b":["43",0],"text_c":["32",0]}
            31 Text Multiline {"text":"oil painting"}
            32 Text Multiline {"text":"at dusk"}"#,
            vec!["oil painting", "at dusk"],
        ),
        (
            r#"30 StringReplace {"string":"a photo of {it}, sharp","find":"{it}","replace":["44",0]}"#,
            vec!["a photo of {it}, sharp"],
        ),
        (
            r#"30 Evaluate Strings {"python_expression":"a + b","a":["31",0],"b":["43",0]}
            31 Simple String {"string":"best aesthetic"}"#,
            vec!["best aesthetic"],
        ),
        (
            r#"30 UnknownStyler {"prompt":["31",0],"style":["43",0],"mode":"x"}
            31 Simple String {"string":"a harbour"}"#,
            vec!["a harbour"],
        ),
        (
            r#"30 easy wildcards {"text":"a __animal__ in snow","seed":1,"multiline_mode":false}"#,
            vec!["a __animal__ in snow"],
        ),
        // Of these nothing was typed for the picture, or it isn't sure what is left of it.
        (r#"30 Text Random Line {"text":"a\nb\nc","seed":3}"#, vec![]),
        (
            r#"30 RegexExtract {"string":["31",0],"regex_pattern":"x","mode":"First Match"}
            31 StringConcatenate {"string_a":"a","string_b":["43",0],"delimiter":""}"#,
            vec![],
        ),
        (r#"30 ShowText|pysssss {"text":["43",0],"text_0":"seen before"}"#, vec![]),
        (r#"30 ShowText|pysssss {"text":["44",0],"text_0":"seen before"}"#, vec![]),
        (
            r#"30 SomebodysEnhancer {"prompt_text":["31",0],"custom_system_prompt":["32",0],"model_name":"q.gguf","max_tokens":9}
            31 Simple String {"string":"a short wish"}
            32 Simple String {"string":"You are an engine."}"#,
            vec![],
        ),
    ] {
        let facts = told(&[join, made].concat());
        assert_eq!(texts(&facts.positive), typed, "{join}");
        assert_eq!(facts.seeds, ["7"], "{join}");
    }
    let asked = told(
        r#"30 StringConcatenate {"string_a":"film grain","string_b":["31",0],"delimiter":", "}
        31 TextGenerate {"prompt":"a wolf","clip":["4",1],"max_length":9}"#,
    );
    assert_eq!((texts(&asked.positive), texts(&asked.instructions)), (vec!["film grain"], vec!["a wolf"]));
}

#[test]
fn what_a_library_files_a_prompt_under_and_what_names_an_embedding_is_no_fact_of_its_own() {
    let more = r#"
        20 PromptManager {"clip":["4",1],"text":"a fox, embedding:good.pt","category":"animals","tags":"archive","search_text":"x"}
        21 Text Multiline {"text":"2026/11/"}
        22 Text Multiline {"text":"C:\\pictures\\"}
        23 SaveImage {"filename_prefix":["21",0],"path":["22",0],"images":["8",0]}
    "#;
    let facts = usual(r#""positive":["20",0]"#, more);
    assert_eq!((texts(&facts.positive), facts.tags.len()), (vec!["a fox, embedding:good.pt"], 0));
    assert_eq!((facts.helpers.len(), texts(&facts.models)), (0, vec!["base.safetensors"]));
}

#[test]
fn a_wish_that_is_told_to_both_sides_is_not_what_is_unwanted() {
    assert!(usual(r#""negative":["6",0]"#, "").negative.is_empty());
}

#[test]
fn a_styler_keeps_both_sides_apart_and_what_stands_before_a_schedule_counts() {
    let more = r#"
        20 CLIPTextEncode {"text":["22",0],"clip":["4",1]}
        21 CLIPTextEncode {"text":["22",1],"clip":["4",1]}
        22 SDXLPromptStyler {"text_positive":"noir film","text_negative":"ugly","style":"hyperrealism","log_prompt":false}
        23 PromptSchedule {"text":["24",0],"pre_text":"best quality","app_text":"0","max_frames":9,"clip":["4",1]}
        24 WD14Tagger|pysssss {"image":["25",0],"model":"wd"}
        25 VAEDecode {"samples":["26",0],"vae":["4",2]}
        26 KSampler {"seed":1,"steps":1,"cfg":1,"sampler_name":"a","scheduler":"s","denoise":1,"model":["4",0],"positive":["27",0],"negative":["27",0],"latent_image":["5",0]}
        27 CLIPTextEncode {"text":"another picture","clip":["4",1]}
    "#;
    let facts = usual(r#""positive":["20",0],"negative":["21",0]"#, more);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["noir film"], vec!["ugly"]));
    let facts = usual(r#""positive":["23",0]"#, more);
    assert_eq!((texts(&facts.positive), facts.instructions.len()), (vec!["best quality"], 0));
}
