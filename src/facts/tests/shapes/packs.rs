//! Nodes of other makers that do many things at once, and hosted ones.

use super::{graph, loras, size, texts};
use crate::facts::*;

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
