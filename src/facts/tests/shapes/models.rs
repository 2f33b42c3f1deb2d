//! Loaders and what they name.

use super::{loras, texts, usual};

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
