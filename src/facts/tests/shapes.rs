//! Small graphs, each for one thing that is easily read wrong, or for nodes of other makers that users have.

use super::super::*;

/// A graph of nodes `id class {inputs}`, one a line.
fn graph(lines: &str) -> Facts {
    let nodes: Vec<String> = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (head, inputs) = line.split_at(line.find('{').unwrap());
            let (id, class) = head.trim().split_once(' ').unwrap();
            format!(r#""{id}":{{"class_type":"{}","inputs":{inputs}}}"#, class.trim())
        })
        .collect();
    let prompt = format!("{{{}}}", nodes.join(","));
    assert!(serde_json::from_str::<serde_json::Value>(&prompt).is_ok(), "{prompt}");
    let facts = read(&prompt);
    assert_eq!(model(&prompt).as_deref(), facts.models.first().map(|name| short_name(name)));
    facts
}

/// What stands around a sampler `3` in most of these graphs: what it needs, and an output.
const AROUND: &str = r#"
    4 CheckpointLoaderSimple {"ckpt_name":"base.safetensors"}
    5 EmptyLatentImage {"width":512,"height":768,"batch_size":1}
    6 CLIPTextEncode {"text":"a fox","clip":["4",1]}
    7 CLIPTextEncode {"text":"blurry","clip":["4",1]}
    8 VAEDecode {"samples":["3",0],"vae":["4",2]}
    9 SaveImage {"filename_prefix":"x","images":["8",0]}
"#;

/// A sampler `3` with these inputs instead of the usual ones.
fn sampler(changes: &str) -> String {
    let usual = [
        ("seed", "7"),
        ("steps", "20"),
        ("cfg", "8"),
        ("sampler_name", r#""euler""#),
        ("scheduler", r#""normal""#),
        ("denoise", "1"),
        ("model", r#"["4",0]"#),
        ("positive", r#"["6",0]"#),
        ("negative", r#"["7",0]"#),
        ("latent_image", r#"["5",0]"#),
    ];
    let rest = usual.iter().filter(|(name, _)| !changes.contains(&format!("\"{name}\":")));
    let rest: Vec<String> = rest.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let comma = if changes.is_empty() || rest.is_empty() { "" } else { "," };
    format!("3 KSampler {{{changes}{comma}{}}}\n", rest.join(","))
}

fn usual(changes: &str, more: &str) -> Facts {
    graph(&[&sampler(changes), AROUND, more].concat())
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn loras(facts: &Facts) -> Vec<String> {
    let show = |number: &Option<String>| number.clone().unwrap_or_else(|| "-".to_owned());
    facts.loras.iter().map(|l| format!("{} {} {}", l.name, show(&l.strength), show(&l.strength_clip))).collect()
}

fn size(facts: &Facts) -> Option<(&str, &str)> {
    facts.width.as_deref().zip(facts.height.as_deref())
}

#[test]
fn the_branch_that_a_switch_does_not_take_is_no_fact() {
    let more = r#"
        20 LoraLoaderModelOnly {"lora_name":"turbo.safetensors","strength_model":1,"model":["4",0]}
        21 ComfySwitchNode {"switch":["24",2],"on_true":["20",0],"on_false":["4",0]}
        22 ComfySwitchNode {"switch":["23",0],"on_true":4,"on_false":["25",0]}
        23 PrimitiveBoolean {"value":false}
        24 ComfyMathExpression {"expression":"a > 2","values.a":["25",0]}
        25 PrimitiveInt {"value":30}
        26 ComfySwitchNode {"switch":["23",0],"on_true":["27",0],"on_false":["28",0]}
        27 CLIPTextEncode {"text":"not this","clip":["4",1]}
        28 CLIPTextEncode {"text":["29",0],"clip":["4",1]}
        29 LazySwitchKJ {"switch":true,"on_true":"this","on_false":["30",0]}
        30 PrimitiveString {"value":"nor this"}
    "#;
    let facts = usual(r#""model":["21",0],"steps":["22",0],"positive":["26",0]"#, more);
    assert_eq!(loras(&facts), ["turbo.safetensors 1 -"]);
    assert_eq!(facts.passes[0].steps.as_deref(), Some("30"));
    assert_eq!(facts.positive, ["this"]);
}

#[test]
fn switches_by_number_and_by_what_is_there_are_followed() {
    let more = r#"
        20 ImpactSwitch {"select":2,"sel_mode":false,"input1":["6",0],"input2":["21",0]}
        21 CLIPTextEncode {"text":["22",0],"clip":["4",1]}
        22 easy anythingIndexSwitch {"index":["24",0],"value0":"zero","value1":["23",0]}
        23 PrimitiveString {"value":"one"}
        24 INTConstant {"value":1}
        30 Any Switch (rgthree) {"any_01":["99",0],"any_02":["31",0]}
        31 CLIPTextEncode {"text":"second","clip":["4",1]}
        40 CR Model Input Switch {"Input":2,"model1":["4",0],"model2":["41",0]}
        41 UNETLoader {"unet_name":"two.safetensors"}
    "#;
    let facts = usual(r#""positive":["20",0],"negative":["30",0],"model":["40",0]"#, more);
    assert_eq!((texts(&facts.positive), texts(&facts.models)), (vec!["one"], vec!["two.safetensors"]));
    // A link to a node that isn't there can't be what it takes, and which one it takes then isn't sure.
    assert!(facts.negative.is_empty() || facts.negative == ["second"]);
}

#[test]
fn what_feeds_a_language_model_or_a_mask_did_not_make_the_picture() {
    let more = r#"
        20 CLIPTextEncode {"text":["21",0],"clip":["4",1]}
        21 TextGenerate {"prompt":["22",0],"clip":["23",1],"max_length":9,"sampling_mode.seed":5}
        22 StringReplace {"string":["24",0],"find":"{it}","replace":["25",0]}
        23 LoraLoader {"lora_name":"llm.safetensors","strength_model":1,"strength_clip":1,"model":["4",0],"clip":["26",0]}
        24 PrimitiveStringMultiline {"value":"You are an engine. {it}"}
        25 PrimitiveStringMultiline {"value":"a wolf"}
        26 CLIPLoader {"clip_name":"gemma.safetensors"}
        30 SetLatentNoiseMask {"samples":["5",0],"mask":["31",0]}
        31 SAM3_Detect {"model":["32",0],"image":["33",0],"conditioning":["34",0]}
        32 CheckpointLoaderSimple {"ckpt_name":"sam3.safetensors"}
        33 LoadImage {"image":"fox.png"}
        34 CLIPTextEncode {"text":"the tail","clip":["32",1]}
    "#;
    let facts = usual(r#""positive":["20",0],"latent_image":["30",0]"#, more);
    assert_eq!((texts(&facts.positive), texts(&facts.instructions)), (vec![], vec!["a wolf"]));
    assert_eq!((loras(&facts).len(), texts(&facts.models)), (0, vec!["base.safetensors"]));
    assert_eq!(facts.helpers, ["sam3.safetensors", "llm.safetensors", "gemma.safetensors"]);
    assert_eq!((texts(&facts.seeds), texts(&facts.inputs)), (vec!["7"], vec!["fox.png"]));
    assert_eq!(size(&facts), Some(("512", "768")));
}

#[test]
fn a_sampler_that_only_makes_a_control_picture_is_a_helper() {
    let more = r#"
        20 ControlNetApplyAdvanced {"positive":["6",0],"negative":["7",0],"control_net":["21",0],"image":["22",0],"strength":1}
        21 ControlNetLoader {"control_net_name":"depth.safetensors"}
        22 VAEDecode {"samples":["23",0],"vae":["4",2]}
        23 KSampler {"seed":1,"steps":1,"cfg":1,"sampler_name":"lcm","scheduler":"x","denoise":1,"model":["24",0],"positive":["25",0],"negative":["25",0],"latent_image":["5",0]}
        24 UNETLoader {"unet_name":"pose.safetensors"}
        25 CLIPTextEncode {"text":"pose","clip":["4",1]}
        26 PreviewImage {"images":["22",0]}
    "#;
    let facts = usual(r#""positive":["20",0],"negative":["20",1]"#, more);
    assert_eq!(
        (facts.passes.len(), texts(&facts.models), texts(&facts.seeds)),
        (1, vec!["base.safetensors"], vec!["7"])
    );
    assert_eq!(
        (texts(&facts.controlnets), texts(&facts.helpers)),
        (vec!["depth.safetensors"], vec!["pose.safetensors"])
    );
}

#[test]
fn a_sampler_in_parts_is_put_together() {
    let facts = graph(
        r#"
        13 SamplerCustomAdvanced {"noise":["25",0],"guider":["22",0],"sampler":["15",0],"sigmas":["18",1],"latent_image":["27",0]}
        25 RandomNoise {"noise_seed":["40",0]}
        40 PrimitiveInt {"value":18446744073709551615}
        22 BasicGuider {"model":["30",0],"conditioning":["26",0]}
        26 FluxGuidance {"guidance":3.5,"conditioning":["6",0]}
        6 CLIPTextEncodeFlux {"clip_l":"a fox","t5xxl":["41",0],"guidance":2,"clip":["11",0]}
        41 StringConcatenate {"string_a":"a fox","string_b":"in snow","delimiter":", "}
        11 DualCLIPLoader {"clip_name1":"t5xxl.safetensors","clip_name2":"clip_l.safetensors"}
        15 DetailDaemonSamplerNode {"sampler":["16",0],"detail_amount":0.1}
        16 KSamplerSelect {"sampler_name":"euler"}
        18 SplitSigmas {"sigmas":["17",0],"step":3}
        17 BasicScheduler {"scheduler":"simple","steps":20,"denoise":1,"model":["30",0]}
        30 ModelSamplingFlux {"width":9,"height":9,"model":["12",0]}
        12 UNETLoader {"unet_name":"flux/flux1-dev.sft"}
        27 EmptySD3LatentImage {"width":1024,"height":["46",0],"batch_size":4}
        46 PrimitiveInt {"value":1216}
        10 VAELoader {"vae_name":"ae.safetensors"}
        8 VAEDecode {"samples":["13",0],"vae":["10",0]}
        9 SaveImage {"images":["8",0]}
    "#,
    );
    assert_eq!((texts(&facts.positive), facts.negative.len()), (vec!["a fox", "a fox, in snow"], 0));
    assert_eq!((facts.text_encoders.len(), texts(&facts.vaes)), (2, vec!["ae.safetensors"]));
    let text = |text: &str| Some(text.to_owned());
    let pass = Pass {
        sampler: text("euler"),
        scheduler: text("simple"),
        steps: text("20"),
        start_at_step: text("3"),
        guidance: text("3.5"),
        denoise: text("1"),
        seed: text("18446744073709551615"),
        ..Pass::default()
    };
    assert_eq!(facts.passes, [pass]);
    assert_eq!((size(&facts), facts.batch.as_deref()), (Some(("1024", "1216")), Some("4")));
}

#[test]
fn a_sampler_class_a_list_of_sigmas_and_no_noise_are_read() {
    let facts = graph(&[AROUND, r#"
        3 SamplerCustom {"add_noise":true,"noise_seed":0,"cfg":1,"model":["4",0],"positive":["6",0],"negative":["7",0],"sampler":["20",0],"sigmas":["21",0],"latent_image":["5",0]}
        20 SamplerLCM {"s_noise":1}
        21 ManualSigmas {"sigmas":"1.0, 0.9, 0.5, 0.0"}
    "#].concat());
    let pass = &facts.passes[0];
    assert_eq!((pass.sampler.as_deref(), pass.steps.as_deref()), (Some("SamplerLCM"), Some("3")));
    assert_eq!((pass.scheduler.as_deref(), pass.schedule_node.as_deref()), (None, Some("ManualSigmas")));
    assert_eq!(facts.seeds, ["0"], "0 is a seed like others");
    let facts = graph(&[AROUND, r#"
        3 SamplerCustomAdvanced {"noise":["20",0],"guider":["21",0],"sampler":["22",0],"sigmas":["23",0],"latent_image":["5",0]}
        20 DisableNoise {}
        21 CFGGuider {"cfg":2.5000000000000004,"model":["4",0],"positive":["6",0],"negative":["7",0]}
        22 KSamplerSelect {"sampler_name":"euler"}
        23 KarrasScheduler {"steps":12,"sigma_max":14,"sigma_min":0.03,"rho":7}
    "#].concat());
    assert_eq!((facts.seeds.len(), facts.passes[0].cfg.as_deref()), (0, Some("2.5")));
}

#[test]
fn a_zeroed_negative_is_none_and_an_empty_one_too() {
    let zero = r#"20 ConditioningZeroOut {"conditioning":["6",0]}"#;
    let facts = usual(r#""negative":["20",0]"#, zero);
    assert_eq!((texts(&facts.positive), facts.negative.len()), (vec!["a fox"], 0));
    let empty = r#"20 CLIPTextEncode {"text":" \n","clip":["4",1]}"#;
    assert!(usual(r#""negative":["20",0]"#, empty).negative.is_empty());
}

#[test]
fn passes_come_in_the_order_in_which_they_run_and_an_idle_seed_is_left_out() {
    let facts = graph(&[AROUND, r#"
        1 KSamplerAdvanced {"add_noise":"enable","noise_seed":9,"steps":20,"cfg":6,"sampler_name":"a","scheduler":"s","start_at_step":0,"end_at_step":10,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}
        3 KSamplerAdvanced {"add_noise":"disable","noise_seed":7,"steps":20,"cfg":1,"sampler_name":"b","scheduler":"s","start_at_step":10,"end_at_step":10000,"model":["20",0],"positive":["6",0],"negative":["7",0],"latent_image":["1",0]}
        20 UNETLoader {"unet_name":"low.safetensors"}
        21 KSampler {"seed":1,"steps":1,"cfg":1,"sampler_name":"nobody","positive":["6",0],"negative":["7",0],"latent_image":["5",0],"model":["20",0]}
    "#].concat());
    let said: Vec<_> = facts
        .passes
        .iter()
        .map(|p| (p.sampler.as_deref(), p.start_at_step.as_deref(), p.end_at_step.as_deref()))
        .collect();
    assert_eq!(said, [(Some("a"), Some("0"), Some("10")), (Some("b"), Some("10"), None)]);
    assert_eq!((texts(&facts.seeds), texts(&facts.models)), (vec!["9"], vec!["base.safetensors", "low.safetensors"]));
}

#[test]
fn an_upscale_pass_says_the_size_of_what_is_saved() {
    let more = r#"
        1 KSampler {"seed":5,"steps":20,"cfg":6,"sampler_name":"a","scheduler":"s","denoise":1,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}
        20 LatentUpscaleBy {"samples":["1",0],"scale_by":1.5,"upscale_method":"x"}
    "#;
    let facts = usual(r#""latent_image":["20",0],"denoise":0.5"#, more);
    assert_eq!((size(&facts), texts(&facts.seeds)), (Some(("768", "1152")), vec!["5", "7"]));
    let tiled = r#"
        1 KSampler {"seed":5,"steps":20,"cfg":6,"sampler_name":"a","scheduler":"s","denoise":1,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}
        2 VAEDecode {"samples":["1",0],"vae":["4",2]}
        3 UltimateSDUpscale {"image":["2",0],"model":["4",0],"positive":["6",0],"negative":["7",0],"vae":["4",2],"upscale_model":["21",0],"upscale_by":2,"seed":6,"steps":10,"cfg":5,"sampler_name":"b","scheduler":"karras","denoise":0.2,"tile_width":512,"tile_height":512}
        21 UpscaleModelLoader {"model_name":"4x-UltraSharp.pth"}
        22 SaveImage {"images":["3",0]}
    "#;
    let facts = graph(
        &[
            r#"
        4 CheckpointLoaderSimple {"ckpt_name":"base.safetensors"}
        5 EmptyLatentImage {"width":512,"height":768,"batch_size":1}
        6 CLIPTextEncode {"text":"a fox","clip":["4",1]}
        7 CLIPTextEncode {"text":"blurry","clip":["4",1]}
    "#,
            tiled,
        ]
        .concat(),
    );
    assert_eq!((facts.passes.len(), texts(&facts.upscalers)), (2, vec!["4x-UltraSharp.pth"]));
    assert_eq!((facts.passes[1].denoise.as_deref(), texts(&facts.seeds)), (Some("0.2"), vec!["5", "6"]));
    assert_eq!(size(&facts), Some(("1024", "1536")));
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
        (
            r#"30 StringConcatenate {"string_a":"a","string_b":["31",0],"delimiter":""}
            31 SomethingUnknown {"image":["32",0]}"#,
            "",
        ),
    ] {
        assert_eq!(of(more), text, "{more}");
    }
}

#[test]
fn hosted_nodes_say_service_prompt_and_model() {
    let facts = graph(
        r#"
        1 KlingVideoNode {"model.prompt":"a boxer","shots.storyboard_1_prompt":"he falls","system_prompt":"no","model":"kling-v3","seed":5,"enhance_prompt":"ALLOW","negative_prompt":"blood","duration":"5","aspect_ratio":"16:9"}
        2 SaveVideo {"video":["1",0]}
        3 GeminiNode {"prompt":"write it","model":"gemini-3"}
        4 PreviewAny {"source":["3",0]}
    "#,
    );
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a boxer", "he falls"], vec!["blood"]));
    assert_eq!(
        (texts(&facts.models), texts(&facts.seeds), texts(&facts.services)),
        (vec!["kling-v3"], vec!["5"], vec!["Kling", "Google"])
    );
    assert_eq!((facts.seconds.as_deref(), texts(&facts.instructions)), (Some("5"), vec!["write it"]));
    // An outdated template: each value stands one input too far.
    let facts = graph(
        r#"
        1 Veo3VideoGenerationNode {"prompt":"a bike","negative_prompt":8,"duration_seconds":true,"enhance_prompt":"x","seed":"randomize","model":false}
        2 SaveVideo {"video":["1",0]}
    "#,
    );
    assert_eq!(
        (texts(&facts.positive), facts.negative.len(), facts.seeds.len(), facts.models.len()),
        (vec!["a bike"], 0, 0, 0)
    );
    for (inputs, width) in [
        (r#""size":"1024x1536","custom_width":5,"custom_height":6"#, Some("1024")),
        (r#""size":"Custom","custom_width":512,"custom_height":640"#, Some("512")),
        (r#""size_preset":"2560x1440 (16:9)","width":5,"height":6"#, Some("2560")),
        (r#""ratio":"1280:720""#, Some("1280")),
        (r#""aspect_ratio":"16:9","resolution":"1K""#, None),
    ] {
        let facts = graph(&format!(
            "1 UnknownImageApi {{\"prompt\":\"p\",\"seed\":1,{inputs}}}\n2 SaveImage {{\"images\":[\"1\",0]}}"
        ));
        assert_eq!((facts.width.as_deref(), texts(&facts.services)), (width, vec!["UnknownImageApi"]), "{inputs}");
    }
}

#[test]
fn sizes_come_from_arithmetic_and_pickers_but_not_from_an_input_picture() {
    let more = r#"
        20 EmptySD3LatentImage {"width":["21",1],"height":["22",1],"batch_size":2}
        21 ComfyMathExpression {"expression":"max(((a + 15) // 16) * 16, 256)","values.a":["23",0]}
        22 ComfyMathExpression {"expression":"a & -8","values.a":["23",1]}
        23 ResolutionSelector {"aspect_ratio":"9:16 (Portrait)","megapixels":1,"multiple":8}
        24 EmptyLatentImage {"width":["25",0],"height":["25",1],"batch_size":1}
        25 GetImageSize {"image":["26",0]}
        26 LoadImage {"image":"a.png"}
        27 VAEEncode {"pixels":["28",0],"vae":["4",2]}
        28 ImageScale {"image":["26",0],"width":640,"height":480,"crop":"center"}
        30 EmptyLatentImage {"width":["31",0],"height":["31",1],"batch_size":1}
        31 CR SDXL Aspect Ratio {"width":1024,"height":1024,"aspect_ratio":"5:8 portrait 832x1216","swap_dimensions":"On","batch_size":1}
        32 EmptyLatentImage {"width":["29",1],"height":["33",0],"batch_size":1}
        33 SimpleMath+ {"value":"a*2","a":["34",0]}
        34 mxSlider {"Xi":320,"Xf":320.5,"isfloatX":0}
        29 SDXLEmptyLatentSizePicker+ {"resolution":"896x1152 (0.78)","batch_size":1,"width_override":0,"height_override":0}
    "#;
    let of = |id: &str| {
        let facts = usual(&format!(r#""latent_image":["{id}",0]"#), more);
        facts.width.zip(facts.height)
    };
    let pixels = |width: &str, height: &str| Some((width.to_owned(), height.to_owned()));
    assert_eq!(of("20"), pixels("768", "1368"));
    assert_eq!(of("24"), None);
    assert_eq!(of("27"), pixels("640", "480"));
    assert_eq!(of("29"), pixels("896", "1152"));
    assert_eq!(of("30"), pixels("1216", "832"));
    assert_eq!(of("32"), pixels("896", "640"));
}

#[test]
fn lora_loaders_of_other_makers_are_read() {
    let more = r#"
        20 Power Lora Loader (rgthree) {"PowerLoraLoaderHeaderWidget":{"type":"x"},"lora_1":{"on":true,"lora":"a.safetensors","strength":0.8,"strengthTwo":0.5},"lora_2":{"on":false,"lora":"off.safetensors","strength":1},"lora_3":{"on":true,"lora":"None","strength":1},"➕ Add Lora":"","model":["21",0],"clip":["4",1]}
        21 Lora Loader Stack (rgthree) {"lora_01":"b.safetensors","strength_01":0.7,"lora_02":"None","strength_02":1,"model":["22",0],"clip":["4",1]}
        22 CR Apply LoRA Stack {"model":["27",0],"clip":["4",1],"lora_stack":["23",0]}
        23 CR LoRA Stack {"switch_1":"On","lora_name_1":"c.safetensors","model_weight_1":0.6,"clip_weight_1":0.4,"switch_2":"Off","lora_name_2":"off.safetensors","model_weight_2":1,"clip_weight_2":1,"lora_stack":["24",0]}
        24 LoRA Stacker {"input_mode":"simple","lora_count":1,"lora_name_1":"d.safetensors","lora_wt_1":0.5,"model_str_1":1,"clip_str_1":1,"lora_name_2":"off.safetensors","lora_wt_2":1}
        27 Lora Loader (LoraManager) {"text":"<lora:f:0.3>","loras":{"__value__":[{"name":"e","strength":"0.2","active":true,"clipStrength":"0.1"},{"name":"off","strength":1,"active":false}]},"model":["28",0]}
        28 LoraLoader {"lora_name":"zero.safetensors","strength_model":0,"strength_clip":0,"model":["29",0],"clip":["4",1]}
        29 LoraLoader|pysssss {"lora_name":{"content":"g.safetensors","image":null},"strength_model":1.0000000000000002,"strength_clip":1,"model":["4",0],"clip":["4",1]}
    "#;
    let facts = usual(r#""model":["20",0]"#, more);
    assert_eq!(
        loras(&facts),
        [
            "g.safetensors 1 1",
            "e 0.2 0.1",
            "d.safetensors 0.5 -",
            "c.safetensors 0.6 0.4",
            "b.safetensors 0.7 -",
            "a.safetensors 0.8 0.5",
        ]
    );
    assert_eq!(facts.models, ["base.safetensors"]);
}

#[test]
fn a_lora_on_the_text_encoder_alone_counts_there() {
    let more = r#"
        20 CLIPTextEncode {"text":"a","clip":["21",1]}
        21 LoraLoader {"lora_name":"a.safetensors","strength_model":1,"strength_clip":0.5,"model":["4",0],"clip":["4",1]}
    "#;
    assert_eq!(loras(&usual(r#""positive":["20",0]"#, more)), ["a.safetensors - 0.5"]);
}

#[test]
fn efficiency_nodes_hold_many_things_in_one() {
    let facts = graph(
        r#"
        1 Efficient Loader {"ckpt_name":"SD1.5/dream.safetensors","vae_name":"Baked VAE","clip_skip":-1,"lora_name":"x.safetensors","lora_model_strength":0.9,"lora_clip_strength":0.8,"positive":"a cat","negative":["3",0],"token_normalization":"none","empty_latent_width":512,"empty_latent_height":640,"batch_size":2,"lora_stack":["4",0]}
        2 KSampler (Efficient) {"seed":-1,"steps":20,"cfg":7,"sampler_name":"euler","scheduler":"karras","denoise":1,"preview_method":"auto","vae_decode":"true","model":["1",0],"positive":["1",1],"negative":["1",2],"latent_image":["1",3],"optional_vae":["1",4]}
        3 PrimitiveStringMultiline {"value":"bad"}
        4 LoRA Stacker {"input_mode":"advanced","lora_count":2,"lora_name_1":"y.safetensors","lora_wt_1":1,"model_str_1":0.4,"clip_str_1":0.3,"lora_name_2":"None"}
    "#,
    );
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a cat"], vec!["bad"]));
    assert_eq!(texts(&facts.models), ["SD1.5/dream.safetensors"]);
    assert_eq!(loras(&facts), ["y.safetensors 0.4 0.3", "x.safetensors 0.9 0.8"]);
    assert_eq!((size(&facts), facts.batch.as_deref()), (Some(("512", "640")), Some("2")));
    assert_eq!((facts.seeds.len(), facts.passes[0].scheduler.as_deref()), (0, Some("karras")));
}

#[test]
fn pipes_and_contexts_are_followed() {
    let facts = graph(
        r#"
        1 easy fullLoader {"ckpt_name":"xl.safetensors","vae_name":"Baked VAE","lora_name":"None","positive":"a dog","negative":"bad","empty_latent_width":832,"empty_latent_height":1216,"batch_size":1}
        2 easy preSampling {"pipe":["1",0],"steps":25,"cfg":6,"sampler_name":"dpmpp_2m","scheduler":"karras","denoise":1,"seed":11}
        3 easy kSampler {"pipe":["2",0],"image_output":"Preview","link_id":0,"save_prefix":"x"}
        4 SaveImage {"images":["3",1]}
    "#,
    );
    let pass = &facts.passes[0];
    assert_eq!(
        (pass.sampler.as_deref(), pass.steps.as_deref(), pass.seed.as_deref()),
        (Some("dpmpp_2m"), Some("25"), Some("11"))
    );
    assert_eq!(
        (texts(&facts.models), texts(&facts.positive), texts(&facts.negative)),
        (vec!["xl.safetensors"], vec!["a dog"], vec!["bad"])
    );
    assert_eq!(size(&facts), Some(("832", "1216")));
    let more = r#"
        20 Context (rgthree) {"model":["4",0],"clip":["4",1],"positive":["6",0],"negative":["7",0],"latent":["5",0],"seed":["21",0]}
        21 Seed (rgthree) {"seed":99}
        22 Context (rgthree) {"base_ctx":["20",0]}
        30 ToBasicPipe {"model":["4",0],"clip":["4",1],"vae":["4",2],"positive":["6",0],"negative":["7",0]}
        31 ImpactKSamplerBasicPipe {"basic_pipe":["30",0],"seed":5,"steps":9,"cfg":1,"sampler_name":"lcm","scheduler":"x","latent_image":["5",0],"denoise":1}
        32 VAEDecode {"samples":["31",1],"vae":["4",2]}
        33 FaceDetailer {"image":["32",0],"model":["4",0],"clip":["4",1],"vae":["4",2],"positive":["6",0],"negative":["7",0],"bbox_detector":["34",0],"guide_size":512,"seed":6,"steps":10,"cfg":4,"sampler_name":"e","scheduler":"s","denoise":0.4,"wildcard":""}
        34 UltralyticsDetectorProvider {"model_name":"bbox/face_yolov8m.pt"}
        35 SaveImage {"images":["33",0]}
    "#;
    let facts = usual(
        r#""model":["22",1],"positive":["22",4],"negative":["22",5],"latent_image":["22",6],"seed":["22",8]"#,
        more,
    );
    assert_eq!(
        (texts(&facts.models), texts(&facts.positive), texts(&facts.negative)),
        (vec!["base.safetensors"], vec!["a fox"], vec!["blurry"])
    );
    let steps: Vec<_> = facts.passes.iter().filter_map(|pass| pass.steps.as_deref()).collect();
    assert_eq!((steps, texts(&facts.seeds)), (vec!["20", "9", "10"], vec!["99", "5", "6"]));
    assert_eq!((size(&facts), texts(&facts.helpers)), (Some(("512", "768")), vec!["bbox/face_yolov8m.pt"]));
}

#[test]
fn a_sampler_hands_on_what_it_was_given_and_an_applied_control_the_model() {
    let facts = graph(
        r#"
        2 CheckpointLoaderSimple {"ckpt_name":"base.safetensors"}
        9 CLIPTextEncode {"text":"shirt","clip":["2",1]}
        10 CLIPTextEncode {"text":"bad","clip":["2",1]}
        11 DWPreprocessor {"image":["12",0],"bbox_detector":"yolox_l.onnx","resolution":512}
        12 LoadImage {"image":"0001 (1).png","upload":"image"}
        13 ControlNetLoader {"control_net_name":"openpose.safetensors"}
        17 ACN_AdvancedControlNetApply {"strength":0.5,"positive":["9",0],"negative":["10",0],"control_net":["13",0],"image":["11",0],"model_optional":["2",0]}
        28 IPAdapterAdvanced {"weight":1,"model":["17",2],"ipadapter":["29",0],"image":["12",0]}
        29 IPAdapterModelLoader {"ipadapter_file":"plus.safetensors"}
        36 EmptyLatentImage {"width":512,"height":512,"batch_size":1}
        37 KSampler (Efficient) {"seed":1,"steps":30,"cfg":1.5,"sampler_name":"euler","scheduler":"karras","denoise":1,"model":["28",0],"positive":["17",0],"negative":["17",1],"latent_image":["36",0]}
        48 KSampler (Efficient) {"seed":2,"steps":30,"cfg":1.5,"sampler_name":"euler","scheduler":"karras","denoise":0.5,"model":["37",0],"positive":["37",1],"negative":["37",2],"latent_image":["37",3]}
        85 SaveImage {"filename_prefix":"a.png","images":["48",5]}
    "#,
    );
    assert_eq!((texts(&facts.models), texts(&facts.seeds)), (vec!["base.safetensors"], vec!["1", "2"]));
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["shirt"], vec!["bad"]));
    assert_eq!((texts(&facts.controlnets), size(&facts)), (vec!["openpose.safetensors"], Some(("512", "512"))));
    assert_eq!((facts.helpers.len(), texts(&facts.inputs)), (2, vec!["0001 (1).png"]));
}

#[test]
fn the_wrapper_for_wan_is_read() {
    let facts = graph(
        r#"
        1 WanVideoModelLoader {"model":"wan/Wan2_1-T2V-14B_fp8.safetensors","base_precision":"fp16","quantization":"disabled","lora":["2",0],"vace_model":["9",0]}
        2 WanVideoLoraSelect {"lora":"lightx2v.safetensors","strength":1.2,"prev_lora":["3",0]}
        3 WanVideoLoraSelectMulti {"lora_0":"b.safetensors","strength_0":0.5,"lora_1":"none","strength_1":1}
        4 WanVideoTextEncode {"positive_prompt":"a storm","negative_prompt":"ugly","t5":["5",0],"force_offload":true}
        5 LoadWanVideoT5TextEncoder {"model_name":"umt5-xxl.safetensors","precision":"bf16"}
        6 WanVideoEmptyEmbeds {"width":832,"height":480,"num_frames":81}
        7 WanVideoSampler {"steps":6,"cfg":1,"shift":5,"seed":42,"scheduler":"dpm++_sde","model":["1",0],"image_embeds":["6",0],"text_embeds":["4",0],"denoise_strength":1}
        8 WanVideoDecode {"samples":["7",0],"vae":["10",0],"enable_vae_tiling":false}
        9 WanVideoVACEModelSelect {"vace_model":"vace.safetensors"}
        10 WanVideoVAELoader {"model_name":"Wan2_1_VAE.safetensors"}
        11 VHS_VideoCombine {"frame_rate":16,"filename_prefix":"W","images":["8",0]}
    "#,
    );
    assert_eq!(texts(&facts.models), ["wan/Wan2_1-T2V-14B_fp8.safetensors"]);
    assert_eq!(loras(&facts), ["b.safetensors 0.5 -", "lightx2v.safetensors 1.2 -"]);
    assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a storm"], vec!["ugly"]));
    assert_eq!(
        (texts(&facts.text_encoders), texts(&facts.vaes)),
        (vec!["umt5-xxl.safetensors"], vec!["Wan2_1_VAE.safetensors"])
    );
    assert_eq!(
        (size(&facts), facts.length.as_deref(), facts.fps.as_deref()),
        (Some(("832", "480")), Some("81"), Some("16"))
    );
    assert_eq!(
        (facts.passes[0].scheduler.as_deref(), texts(&facts.helpers)),
        (Some("dpm++_sde"), vec!["vace.safetensors"])
    );
}

#[test]
fn loaders_are_known_by_what_they_name() {
    for (loader, name) in [
        (r#"UnetLoaderGGUF {"unet_name":"flux-Q4.gguf"}"#, "flux-Q4.gguf"),
        (
            r#"NunchakuFluxDiTLoader {"model_path":"svdq-flux.safetensors","cache_threshold":0}"#,
            "svdq-flux.safetensors",
        ),
        (r#"DiffusionModelLoaderKJ {"model_name":"wan.safetensors","weight_dtype":"default"}"#, "wan.safetensors"),
        (r#"CheckpointLoader|pysssss {"ckpt_name":{"content":"a.ckpt","image":null}}"#, "a.ckpt"),
        (r#"SomebodysLoader {"checkpoint":["41",0]}"#, "named.safetensors"),
    ] {
        let more = format!(
            "40 {loader}\n41 PrimitiveString {{\"value\":\"named.safetensors\"}}\n42 ADE_AnimateDiffLoaderGen1 {{\"model_name\":\"mm.ckpt\",\"model\":[\"40\",0]}}"
        );
        let facts = usual(r#""model":["42",0]"#, &more);
        assert_eq!((texts(&facts.models), texts(&facts.helpers)), (vec![name], vec!["base.safetensors", "mm.ckpt"]));
    }
    let merged = r#"
        20 ModelMergeSimple {"model1":["4",0],"model2":["21",0],"ratio":0.5}
        21 UNETLoader {"unet_name":"b.safetensors"}
    "#;
    assert_eq!(texts(&usual(r#""model":["20",0]"#, merged).models), ["base.safetensors", "b.safetensors"]);
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

#[test]
fn the_shape_is_that_of_classes_and_links() {
    let shape = |changes: &str| usual(changes, "").shape;
    let first = shape("");
    assert!(first.len() == 16 && first.bytes().all(|c| c.is_ascii_hexdigit()));
    assert_eq!(first, shape(r#""seed":8,"steps":30,"sampler_name":"lcm""#));
    assert_ne!(first, shape(r#""positive":["7",0]"#));
    assert_ne!(first, shape(r#""positive":["6",1]"#));
    assert_eq!(read("").shape, "");
}

#[test]
fn packs_of_custom_nodes_are_named_once() {
    let workflow = r#"{"nodes":[{"properties":{"cnr_id":"comfy-core"}},{"properties":{"cnr_id":"rgthree-comfy","ver":"1"}},
        {"properties":{"aux_id":"someone/pack"}},{"properties":{}},{"type":"Note"}],
        "definitions":{"subgraphs":[{"nodes":[{"properties":{"cnr_id":"rgthree-comfy"}},{"properties":{"cnr_id":"was-ns"}}]}]}}"#;
    assert_eq!(custom_nodes(workflow), ["rgthree-comfy", "someone/pack", "was-ns"]);
    let core = r#"{"nodes":[{"properties":{"cnr_id" : "comfy-core"}},{"widgets_values":["\"aux_id\": \"x\""]}]}"#;
    assert!([core, "[1]", ""].into_iter().all(|workflow| custom_nodes(workflow).is_empty()));
    let spaced = r#"{"nodes":[{"properties":{"cnr_id": "comfy-core"}},{"properties":{"cnr_id" : "comfy-core-plus"}}]}"#;
    assert_eq!(custom_nodes(spaced), ["comfy-core-plus"]);
}
