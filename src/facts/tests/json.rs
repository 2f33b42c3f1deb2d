//! Facts as our API gives them.

use super::super::*;

#[test]
fn a_picture_from_a_checkpoint() {
    let facts = read(
        r#"{
        "3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"steps":20,"cfg":8.0,"sampler_name":"euler","scheduler":"normal",
             "denoise":0.30000000000000004,"model":["10",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},
        "4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"SD1.5\\dreamshaper_8.safetensors"},"is_changed":[NaN]},
        "10":{"class_type":"LoraLoader","inputs":{"lora_name":"add_detail.safetensors","strength_model":0.7000000000000001,
             "strength_clip":1,"model":["4",0],"clip":["4",1]}},
        "5":{"class_type":"EmptyLatentImage","inputs":{"width":512,"height":768,"batch_size":4}},
        "6":{"class_type":"CLIPTextEncode","inputs":{"text":"一座城堡, <lora:x:0.7>\n","clip":["10",1]},"_meta":{"title":"What I want"}},
        "7":{"class_type":"CLIPTextEncode","inputs":{"text":"blurry","clip":["10",1]}},
        "8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["11",0]},"_meta":{"title":"VAE Decode"}},
        "11":{"class_type":"VAELoader","inputs":{"vae_name":"kl-f8.ckpt"}},
        "9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["8",0]}}}"#,
    );
    insta::assert_json_snapshot!(facts);
}

#[test]
fn a_video_in_two_passes() {
    let facts = read(
        r#"{
        "1":{"class_type":"KSamplerAdvanced","inputs":{"add_noise":"enable","noise_seed":0,"steps":4,"cfg":1,"sampler_name":"euler","scheduler":"simple",
             "start_at_step":0,"end_at_step":2,"model":["3",0],"positive":["5",0],"negative":["5",1],"latent_image":["5",2]}},
        "2":{"class_type":"KSamplerAdvanced","inputs":{"add_noise":"disable","noise_seed":9,"steps":4,"cfg":1,"sampler_name":"euler","scheduler":"simple",
             "start_at_step":2,"end_at_step":10000,"model":["4",0],"positive":["5",0],"negative":["5",1],"latent_image":["1",0]}},
        "3":{"class_type":"UNETLoader","inputs":{"unet_name":"high.safetensors"}},
        "4":{"class_type":"UNETLoader","inputs":{"unet_name":"low.safetensors"}},
        "5":{"class_type":"WanImageToVideo","inputs":{"width":720,"height":480,"length":81,"positive":["6",0],"negative":["7",0],"vae":["8",0],"start_image":["9",0]}},
        "6":{"class_type":"CLIPTextEncode","inputs":{"text":"an eagle waves","clip":["10",0]}},
        "7":{"class_type":"ConditioningZeroOut","inputs":{"conditioning":["6",0]}},
        "8":{"class_type":"VAELoader","inputs":{"vae_name":"wan.safetensors"}},
        "9":{"class_type":"LoadImage","inputs":{"image":"eagle.png"}},
        "10":{"class_type":"CLIPLoader","inputs":{"clip_name":"umt5.safetensors"}},
        "11":{"class_type":"VAEDecode","inputs":{"samples":["2",0],"vae":["8",0]}},
        "12":{"class_type":"CreateVideo","inputs":{"images":["11",0],"fps":16}},
        "13":{"class_type":"SaveVideo","inputs":{"video":["12",0],"filename_prefix":"v"}}}"#,
    );
    insta::assert_json_snapshot!(facts);
}

#[test]
fn a_hosted_service_and_nothing() {
    let facts = [
        read(
            r#"{"1":{"class_type":"StabilityStableImageSD_3_5Node","inputs":{"prompt":"a cup","model":"sd3.5-large","cfg_scale":4,"seed":0,"aspect_ratio":"1:1","negative_prompt":""}},
                "2":{"class_type":"SaveImage","inputs":{"images":["1",0]}}}"#,
        ),
        read("not a graph"),
    ];
    insta::assert_json_snapshot!(facts);
}
