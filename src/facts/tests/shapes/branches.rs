//! Which way a graph goes: what takes part, and what only stands there.

use super::{graph, loras, size, texts, usual};
use crate::facts::*;

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
fn flags_that_are_put_together_decide_a_switch() {
    let more = r#"
        20 CLIPTextEncode {"text":["21",0],"clip":["4",1]}
        21 ComfySwitchNode {"switch":["22",0],"on_true":["25",0],"on_false":"as typed"}
        22 ComfyOrNode {"values.value0":["23",1],"values.value1":["24",0]}
        23 ImpactIfNone {}
        24 ComfyAndNode {"values.value0":true,"values.value1":false}
        25 TextGenerate {"prompt":"x","clip":["4",1],"max_length":9}
    "#;
    let facts = usual(r#""positive":["20",0]"#, more);
    assert_eq!((texts(&facts.positive), facts.instructions.len()), (vec!["as typed"], 0));
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
fn the_shape_is_that_of_classes_and_links() {
    let shape = |changes: &str| usual(changes, "").shape;
    let first = shape("");
    assert!(first.len() == 16 && first.bytes().all(|c| c.is_ascii_hexdigit()));
    assert_eq!(first, shape(r#""seed":8,"steps":30,"sampler_name":"lcm""#));
    assert_ne!(first, shape(r#""positive":["7",0]"#));
    assert_ne!(first, shape(r#""positive":["6",1]"#));
    assert_eq!(read("").shape, "");
}
