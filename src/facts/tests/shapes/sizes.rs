//! How large a picture is.

use super::{graph, size, texts, usual};

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

/// The size of a second pass whose latent is node `20`, after a first one of 512x768.
fn second_pass(more: &str) -> Option<(String, String)> {
    let first = r#"
        1 KSampler {"seed":5,"steps":20,"cfg":6,"sampler_name":"a","scheduler":"s","denoise":1,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}
        2 VAEDecode {"samples":["1",0],"vae":["4",2]}
    "#;
    let facts = usual(r#""latent_image":["20",0],"denoise":0.5"#, &[first, more].concat());
    facts.width.zip(facts.height)
}

#[test]
fn what_an_upscaler_makes_of_a_picture_is_known_by_its_factor_or_left_out() {
    let pixels = |width: &str, height: &str| Some((width.to_owned(), height.to_owned()));
    for (more, size) in [
        (
            r#"20 VAEEncode {"pixels":["21",0],"vae":["4",2]}
            21 ImageScaleBy {"image":["22",0],"scale_by":0.5,"upscale_method":"area"}
            22 ImageUpscaleWithModel {"image":["2",0],"upscale_model":["23",0]}
            23 UpscaleModelLoader {"model_name":"4x-UltraSharp.pth"}"#,
            pixels("1024", "1536"),
        ),
        (
            r#"20 VAEEncode {"pixels":["22",0],"vae":["4",2]}
            22 ImageUpscaleWithModel {"image":["2",0],"upscale_model":["23",0]}
            23 UpscaleModelLoader {"model_name":"RealESRGAN_x2plus.pth"}"#,
            pixels("1024", "1536"),
        ),
        (
            r#"20 VAEEncode {"pixels":["22",0],"vae":["4",2]}
            22 ImageUpscaleWithModel {"image":["2",0],"upscale_model":["23",0]}
            23 UpscaleModelLoader {"model_name":"125843.pth"}"#,
            None,
        ),
        (
            r#"20 Latent Upscale by Factor (WAS) {"samples":["1",0],"mode":"bicubic","factor":2}"#,
            pixels("1024", "1536"),
        ),
        (r#"20 LatentUpscaleBy {"samples":["1",0],"scale_by":1.51}"#, pixels("776", "1160")),
        (
            r#"20 VAEEncode {"pixels":["21",0],"vae":["4",2]}
            21 ImageScaleBy {"image":["2",0],"scale_by":1.51}"#,
            pixels("768", "1152"),
        ),
        (r#"20 LTXVLatentUpsampler {"latent":["1",0],"upsampler_model_name":"spatial.safetensors"}"#, None),
        (
            r#"20 VAEEncode {"pixels":["21",0],"vae":["4",2]}
            21 SomebodysResize {"image":["2",0],"mode":"longest side"}"#,
            None,
        ),
    ] {
        assert_eq!(second_pass(more), size, "{more}");
    }
    let picked = r#"20 CR Aspect Ratio {"width":1024,"height":1024,"aspect_ratio":"SD1.5 - 1:1 square 512x512","swap_dimensions":"Off","prescale_factor":1.5}
        21 EmptyLatentImage {"width":["20",0],"height":["20",1],"batch_size":1}"#;
    assert_eq!(size(&usual(r#""latent_image":["21",0]"#, picked)), Some(("768", "768")));
}
