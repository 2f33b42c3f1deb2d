//! Pipes, contexts and settings, the nodes that pictures and models only pass through, and makers of other kinds.

use super::{AROUND, graph, loras, sampler, size, texts, usual};
use crate::facts::*;

/// The usual run, its picture saved by way of `node`.
fn saved_through(node: &str) -> Facts {
    let around = AROUND.replace(r#""images":["8",0]"#, r#""images":["70",0]"#);
    graph(&[&sampler(""), around.as_str(), node].concat())
}

#[test]
fn a_picture_keeps_its_facts_through_side_nodes() {
    for node in [
        r#"70 GetImageSizeAndCount {"image":["8",0]}"#,
        r#"70 VRAM_Debug {"image_pass":["8",0],"empty_cache":true}"#,
        r#"70 UnloadAllModels {"value":["8",0]}"#,
        r#"70 easy cleanGpuUsed {"anything":["71",0]}
           71 easy clearCacheAll {"anything":["8",0]}"#,
        r#"70 PreviewBridge {"images":["8",0],"image":"$70-0"}"#,
        r#"70 Image Comparer (rgthree) {"image_a":["8",0],"image_b":["71",0]}
           71 LoadImage {"image":"a.png"}"#,
        r#"70 Any Switch (rgthree) {"any_01":["71",0],"any_02":["8",0]}
           71 Any Switch (rgthree) {}"#,
    ] {
        let facts = saved_through(node);
        assert_eq!((texts(&facts.models), texts(&facts.seeds)), (vec!["base.safetensors"], vec!["7"]), "{node}");
        assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a fox"], vec!["blurry"]), "{node}");
        assert_eq!(size(&facts), Some(("512", "768")), "{node}");
    }
}

#[test]
fn every_maker_of_pipes_hands_on_model_sides_and_latent() {
    for more in [
        r#"20 easy pipeIn {"model":["4",0],"pos":["6",0],"neg":["7",0],"latent":["5",0],"vae":["4",2],"clip":["4",1]}
           21 easy pipeOut {"pipe":["20",0]}"#,
        r#"20 Context (rgthree) {"model":["4",0],"positive":["6",0],"negative":["7",0],"latent":["5",0]}
           21 Context (rgthree) {"base_ctx":["22",0]}
           22 Context Switch (rgthree) {"ctx_01":["23",0],"ctx_02":["20",0]}
           23 Context Switch (rgthree) {}"#,
        r#"20 Context Big (rgthree) {"model":["4",0],"positive":["6",0],"negative":["7",0],"latent":["5",0]}
           21 Context Merge (rgthree) {"ctx_01":["22",0],"ctx_02":["20",0]}
           22 Context (rgthree) {"positive":["7",0]}"#,
        r#"20 PipeIn {"model":["4",0],"positive":["6",0],"negative":["7",0],"latent":["5",0]}
           21 PipeEdit {"basic_pipe":["20",0]}"#,
    ] {
        let facts = usual(r#""model":["21",1],"positive":["21",2],"negative":["21",3],"latent_image":["21",4]"#, more);
        assert_eq!(texts(&facts.models), ["base.safetensors"], "{more}");
        assert_eq!((texts(&facts.positive), texts(&facts.negative)), (vec!["a fox"], vec!["blurry"]), "{more}");
        assert_eq!(size(&facts), Some(("512", "768")), "{more}");
    }
}

#[test]
fn settings_and_the_sampler_that_follows_them_are_one_pass() {
    let loader = r#"1 easy fullLoader {"ckpt_name":"xl.safetensors","vae_name":"Baked VAE","lora_name":"None","positive":"a dog <lora:fur:0.6>","negative":"bad","empty_latent_width":832,"empty_latent_height":1216,"batch_size":1}
    "#;
    for (settings, sampler) in [
        (
            r#"2 easy preSampling {"pipe":["1",0],"steps":25,"cfg":6,"sampler_name":"lcm","scheduler":"karras","denoise":1,"seed":11}"#,
            "easy kSampler",
        ),
        (
            r#"2 easy preSamplingAdvanced {"pipe":["1",0],"steps":25,"cfg":6,"sampler_name":"lcm","scheduler":"karras","start_at_step":0,"end_at_step":10000,"add_noise":"enable (CPU)","seed":11}"#,
            "easy kSamplerTiled",
        ),
        (
            r#"2 easy preSamplingCustom {"pipe":["1",0],"guider":"CFG","steps":25,"cfg":6,"sampler_name":"lcm","scheduler":"karras","denoise":1,"add_noise":"enable (CPU)","seed":11}"#,
            "easy kSamplerCustom",
        ),
    ] {
        let facts = graph(&format!(
            "{loader}{settings}\n3 {sampler} {{\"pipe\":[\"2\",0],\"image_output\":\"Preview\"}}\n4 SaveImage {{\"images\":[\"3\",1]}}"
        ));
        assert_eq!((facts.passes.len(), texts(&facts.seeds)), (1, vec!["11"]), "{settings}");
        assert_eq!((facts.passes[0].steps.as_deref(), size(&facts)), (Some("25"), Some(("832", "1216"))), "{settings}");
        assert_eq!((texts(&facts.models), loras(&facts)), (vec!["xl.safetensors"], vec!["fur 0.6 -".to_owned()]));
    }
    // One that samples by itself stays a pass though another takes up its pipe.
    let facts = graph(&format!(
        "{loader}{}",
        r#"
        2 easy fullkSampler {"pipe":["1",0],"steps":25,"cfg":6,"sampler_name":"lcm","scheduler":"karras","denoise":1,"seed":11}
        3 easy fullkSampler {"pipe":["2",0],"steps":9,"cfg":6,"sampler_name":"lcm","scheduler":"karras","denoise":0.4,"seed":12}
        4 SaveImage {"images":["3",1]}"#
    ));
    assert_eq!((facts.passes.len(), texts(&facts.seeds)), (2, vec!["11", "12"]));
}

#[test]
fn makers_that_turn_one_picture_into_another_say_their_seed_and_model() {
    for (maker, model) in [
        (
            r#"2 SeedVR2VideoUpscaler {"image":["1",0],"dit":["3",0],"vae":["4",0],"seed":42,"resolution":1080}
            3 SeedVR2LoadDiTModel {"model":"seedvr2.safetensors"}
            4 SeedVR2LoadVAEModel {"model":"ema_vae.safetensors"}"#,
            "seedvr2.safetensors",
        ),
        (
            r#"2 SeedVR2 {"images":["1",0],"model":"seedvr2_3b.safetensors","seed":42,"new_resolution":1080}"#,
            "seedvr2_3b.safetensors",
        ),
        (
            r#"2 CCSR_Upscale {"ccsr_model":["3",0],"image":["1",0],"seed":42,"resize_method":"lanczos"}
            3 CCSR_Model_Select {"model":"ccsr.ckpt"}"#,
            "ccsr.ckpt",
        ),
        (
            r#"2 SUPIR_Upscale {"supir_model":"SUPIR-v0Q.ckpt","image":["1",0],"seed":42,"steps":45,"cfg_scale":4,"a_prompt":"sharp","n_prompt":"blurry","scale_by":2}"#,
            "SUPIR-v0Q.ckpt",
        ),
    ] {
        let facts =
            graph(&format!("1 LoadImage {{\"image\":\"a.png\"}}\n{maker}\n9 SaveImage {{\"images\":[\"2\",0]}}"));
        assert_eq!((texts(&facts.seeds), texts(&facts.models)), (vec!["42"], vec![model]), "{maker}");
        assert!(facts.positive.is_empty() != maker.contains("prompt") && facts.services.is_empty(), "{maker}");
    }
}

#[test]
fn makers_that_name_no_model_say_their_seed_too() {
    for maker in [
        r#"2 AILab_FlashVSR {"frames":["1",0],"preset":"Fast","scale":4,"seed":42}"#,
        r#"2 CatVTONWrapper {"image":["1",0],"mask":["1",1],"seed":42,"steps":25,"cfg":2.5}"#,
    ] {
        let facts =
            graph(&format!("1 LoadImage {{\"image\":\"a.png\"}}\n{maker}\n9 SaveImage {{\"images\":[\"2\",0]}}"));
        assert_eq!((texts(&facts.seeds), facts.models.len(), facts.services.len()), (vec!["42"], 0, 0), "{maker}");
    }
}

#[test]
fn models_behind_unknown_nodes_are_models_and_encoders_are_not() {
    let more = r#"
        40 ModelPairByState {"base_high":["51",0],"base_low":["42",0],"text":["53",0],"seed":["54",0]}
        42 SomebodysCache {"anything":["52",0]}
        51 UnetLoaderGGUF {"unet_name":"high.gguf"}
        52 UNETLoader {"unet_name":"low.safetensors"}
        53 LoadWanVideoT5TextEncoder {"model_name":"umt5.safetensors"}
        54 PrimitiveInt {"value":3}
        55 VRAM_Debug {"model_pass":["40",0],"image_pass":["56",0]}
        56 LoadImage {"image":"a.png"}
    "#;
    let facts = usual(r#""model":["55",2]"#, more);
    assert_eq!(texts(&facts.models), ["high.gguf", "low.safetensors"]);
    let own = r#"
        20 WanVideoTextEncodeCached {"model_name":"umt5.safetensors","precision":"bf16","positive_prompt":"a storm","negative_prompt":"ugly","quantization":"disabled","device":"gpu"}
        21 WanVideoModelLoader {"model":"wan.safetensors"}
        22 WanVideoEmptyEmbeds {"width":832,"height":480,"num_frames":81}
        23 WanVideoSampler {"model":["21",0],"image_embeds":["22",0],"text_embeds":["20",0],"steps":6,"cfg":1,"seed":43,"scheduler":"lcm"}
        24 WanVideoDecode {"samples":["23",0]}
        25 VHS_VideoCombine {"images":["24",0],"frame_rate":16}
    "#;
    let facts = graph(own);
    assert_eq!(
        (texts(&facts.models), texts(&facts.text_encoders)),
        (vec!["wan.safetensors"], vec!["umt5.safetensors"])
    );
    assert_eq!(
        (facts.services.len(), texts(&facts.positive), texts(&facts.negative)),
        (0, vec!["a storm"], vec!["ugly"])
    );
}

#[test]
fn hosted_services_are_named_only_where_they_are() {
    for (node, services) in [
        (r#"1 ReverseImageBatch {"images":["3",0]}"#, vec![]),
        (r#"1 SomebodysPipeline {"prompt":"a cup","model":"local.safetensors","seed":1}"#, vec![]),
        (r#"1 SomebodysPipeline {"prompt":"a cup","model_name":"org/name","seed":1,"torch_dtype":"bf16"}"#, vec![]),
        (r#"1 SomebodysImageAPI {"prompt":"a cup","model":"v3","seed":1}"#, vec!["SomebodysImageAPI"]),
        (
            r#"1 KlingReferenceToVideoNode {"kling_model":["4",0],"prompt":"a cup","duration":"5"}
            4 KlingOmniEditModel {"model_name":"kling-o3"}"#,
            vec!["Kling"],
        ),
        (r#"1 Pikadditions {"prompt_text":"a cup","seed":1}"#, vec!["Pika"]),
    ] {
        let more = r#"
            2 SaveImage {"images":["1",0]}
            3 LoadImage {"image":"a.png"}"#;
        assert_eq!(texts(&graph(&[node, more].concat()).services), services, "{node}");
    }
}

#[test]
fn loras_are_known_by_any_name_and_not_where_they_are_switched_off() {
    for (loader, wanted) in [
        (
            r#"HFHubLoraLoader {"repo_id":"someone/style","filename":"style.safetensors","subfolder":"","strength_model":0.8,"strength_clip":1"#,
            vec!["style.safetensors 0.8 1"],
        ),
        (
            r#"LoraLoaderFromURL {"url":"https://example.org/models/1?type=Model","strength_model":1,"strength_clip":0.5"#,
            vec!["https://example.org/models/1?type=Model 1 0.5"],
        ),
        (
            r#"LoraLoaderFromURL {"url":"https://me:pw@example.org/models/2?type=Model&token=abc","strength_model":1"#,
            vec!["https://example.org/models/2?type=Model 1 -"],
        ),
        (r#"SomebodysLoraLoader {"file":"x.safetensors","weight":0.4"#, vec!["x.safetensors 0.4 -"]),
        (
            r#"SomebodysLoader {"lora_high":"h.safetensors","strength_high":0.7,"lora_low":"l.safetensors","strength_low":0.5"#,
            vec!["h.safetensors 0.7 -", "l.safetensors 0.5 -"],
        ),
        (
            r#"Power Prompt (rgthree) {"prompt":"a fox <lora:style_v2:0.7>","opt_clip":["4",1],"insert_lora":"CHOOSE""#,
            vec!["style_v2 0.7 -"],
        ),
        (
            r#"Power Prompt (rgthree) {"prompt":"a fox <lora:style_v2:0.7>","opt_clip":["4",1],"insert_lora":"DISABLE LORAS""#,
            vec![],
        ),
        (
            r#"Lora Loader (JPS) {"switch":"Off","lora_name":"off.safetensors","strength_model":1,"strength_clip":1"#,
            vec![],
        ),
        (
            r#"easy loraStack {"toggle":false,"mode":"simple","num_loras":1,"lora_1_name":"off.safetensors","lora_1_strength":1"#,
            vec![],
        ),
        (
            r#"easy loraStack {"toggle":true,"mode":"simple","num_loras":1,"lora_1_name":"on.safetensors","lora_1_strength":0.9,"lora_2_name":"off.safetensors","lora_2_strength":1"#,
            vec!["on.safetensors 0.9 -"],
        ),
        (
            r#"SomebodysLoraStack {"lora_1":"a.safetensors","strength_1":1,"enabled_1":true,"lora_2":"b.safetensors","strength_2":1,"enabled_2":false"#,
            vec!["a.safetensors 1 -"],
        ),
        (r#"LoraLoader {"lora_name":"none.safetensors","strength_model":0,"strength_clip":0"#, vec![]),
    ] {
        // Each is handed the model under the name that it has for it.
        let model = if loader.starts_with("Power Prompt") { "opt_model" } else { "model" };
        let facts = usual(r#""model":["20",0]"#, &format!("20 {loader},\"{model}\":[\"4\",0]}}"));
        assert_eq!(
            (loras(&facts), texts(&facts.models)),
            (wanted.iter().map(ToString::to_string).collect(), vec!["base.safetensors"]),
            "{loader}"
        );
        assert!(facts.helpers.is_empty(), "{loader}: {:?}", facts.helpers);
    }
}

#[test]
fn a_pair_of_outputs_that_is_read_as_width_and_height_is_the_size_that_was_picked() {
    let more = r#"
        20 EmptyLatentImage {"width":["21",1],"height":["21",2],"batch_size":1}
        21 SizePicker {"resolution":"832x1216 (portrait)","width_override":0,"height_override":0}
    "#;
    assert_eq!(size(&usual(r#""latent_image":["20",0]"#, more)), Some(("832", "1216")));
}
