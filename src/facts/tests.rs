use proptest::prelude::*;

use super::*;

/// What ComfyUI's first workflow sends, with a LoRA, a bare word of Python's and a seed that no float holds.
const CLASSIC: &str = r#"{
  "3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"steps":20,"cfg":8.0,"sampler_name":"euler",
       "scheduler":"normal","denoise":1.0,"model":["10",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},
  "4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"SD1.5\\dreamshaper_8.safetensors"},"is_changed":[NaN]},
  "10":{"class_type":"LoraLoader","inputs":{"lora_name":"add_detail.safetensors","strength_model":0.30000000000000004,
       "strength_clip":1,"model":["4",0],"clip":["4",1]}},
  "5":{"class_type":"EmptyLatentImage","inputs":{"width":512,"height":768,"batch_size":4}},
  "6":{"class_type":"CLIPTextEncode","inputs":{"text":"一座城堡, <lora:x:0.7>\n","clip":["10",1]}},
  "7":{"class_type":"CLIPTextEncode","inputs":{"text":"blurry","clip":["10",1]}},
  "8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},
  "9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["8",0]}}}"#;

#[test]
fn the_first_workflow_says_everything() {
    let facts = read(CLASSIC);
    assert_eq!(facts.positive, ["一座城堡, <lora:x:0.7>\n"]);
    assert_eq!(facts.negative, ["blurry"]);
    assert_eq!(facts.models, ["SD1.5\\dreamshaper_8.safetensors"]);
    assert_eq!(facts.loras, [Lora { name: "add_detail.safetensors".to_owned(), strength: Some("0.3".to_owned()) }]);
    assert_eq!(facts.seeds, ["18446744073709551615"]);
    let text = |text: &str| Some(text.to_owned());
    let pass = Pass {
        sampler: text("euler"),
        scheduler: text("normal"),
        steps: text("20"),
        cfg: text("8"),
        guidance: None,
        denoise: text("1"),
        seed: text("18446744073709551615"),
    };
    assert_eq!(facts.passes, [pass]);
    let size = Size { width: "512".into(), height: "768".into(), batch: text("4"), length: None };
    assert_eq!(facts.size, Some(size));
    assert_eq!(model(CLASSIC).as_deref(), Some("dreamshaper_8"));
}

#[test]
fn a_sampler_in_parts_is_put_together() {
    let flux = r#"{
      "13":{"class_type":"SamplerCustomAdvanced","inputs":{"noise":["25",0],"guider":["22",0],"sampler":["16",0],"sigmas":["18",0],"latent_image":["27",0]}},
      "25":{"class_type":"RandomNoise","inputs":{"noise_seed":["40",0]}},
      "40":{"class_type":"PrimitiveInt","inputs":{"value":42}},
      "22":{"class_type":"BasicGuider","inputs":{"model":["30",0],"conditioning":["26",0]}},
      "26":{"class_type":"FluxGuidance","inputs":{"guidance":3.5,"conditioning":["6",0]}},
      "6":{"class_type":"CLIPTextEncodeFlux","inputs":{"clip_l":"a fox","t5xxl":["41",0],"guidance":2,"clip":["11",0]}},
      "41":{"class_type":"StringConcatenate","inputs":{"string_a":"a fox","string_b":"in snow","delimiter":", "}},
      "11":{"class_type":"DualCLIPLoader","inputs":{"clip_name1":"t5xxl.safetensors","clip_name2":"clip_l.safetensors"}},
      "16":{"class_type":"KSamplerSelect","inputs":{"sampler_name":"euler"}},
      "18":{"class_type":"SplitSigmas","inputs":{"sigmas":["17",0],"step":1}},
      "17":{"class_type":"BasicScheduler","inputs":{"scheduler":"simple","steps":["44",0],"denoise":1,"model":["30",0]}},
      "44":{"class_type":"ComfySwitchNode","inputs":{"switch":["45",0],"on_true":4,"on_false":20}},
      "45":{"class_type":"PrimitiveBoolean","inputs":{"value":true}},
      "30":{"class_type":"ModelSamplingFlux","inputs":{"width":9,"height":9,"model":["12",0]}},
      "12":{"class_type":"UNETLoader","inputs":{"unet_name":"flux/flux1-dev.sft"}},
      "27":{"class_type":"EmptySD3LatentImage","inputs":{"width":1024,"height":["46",0],"batch_size":1}},
      "46":{"class_type":"PrimitiveInt","inputs":{"value":1216}},
      "10":{"class_type":"VAELoader","inputs":{"vae_name":"ae.safetensors"}},
      "8":{"class_type":"VAEDecode","inputs":{"samples":["13",0],"vae":["10",0]}}}"#;
    let facts = read(flux);
    assert_eq!(facts.positive, ["a fox", "a fox, in snow"]);
    assert_eq!(facts.negative, Vec::<String>::new());
    assert_eq!((facts.text_encoders.len(), facts.vaes), (2, vec!["ae.safetensors".to_owned()]));
    let pass = &facts.passes[0];
    let said = [&pass.sampler, &pass.scheduler, &pass.steps, &pass.cfg, &pass.guidance, &pass.seed];
    assert_eq!(said.map(Option::as_deref), [Some("euler"), Some("simple"), Some("4"), None, Some("3.5"), Some("42")]);
    let size = facts.size.unwrap();
    assert_eq!((&*size.width, &*size.height, size.batch), ("1024", "1216", None));
    assert_eq!(model(flux).as_deref(), Some("flux1-dev"));
}

#[test]
fn passes_come_in_the_order_in_which_they_run_and_an_idle_seed_is_left_out() {
    let two = r#"{
      "2":{"class_type":"KSamplerAdvanced","inputs":{"add_noise":"disable","noise_seed":7,"steps":20,"cfg":1,"sampler_name":"b",
        "model":["5",0],"positive":["6",0],"negative":["7",0],"latent_image":["3",0]}},
      "3":{"class_type":"KSamplerAdvanced","inputs":{"add_noise":"enable","noise_seed":9,"steps":20,"cfg":6,"sampler_name":"a",
        "model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["8",0]}},
      "4":{"class_type":"UNETLoader","inputs":{"unet_name":"high.safetensors"}},
      "5":{"class_type":"UNETLoader","inputs":{"unet_name":"low.safetensors"}},
      "6":{"class_type":"WanInfiniteTalkToVideo","inputs":{"model":["4",0],"positive":["10",0],"negative":["11",0]}},
      "7":{"class_type":"ConditioningZeroOut","inputs":{"conditioning":["10",0]}},
      "8":{"class_type":"EmptyLatentImage","inputs":{"width":640,"height":640,"length":81}},
      "10":{"class_type":"CLIPTextEncode","inputs":{"text":"yes"}},"11":{"class_type":"CLIPTextEncode","inputs":{"text":"no"}},
      "9":{"class_type":"VAEDecode","inputs":{"samples":["2",0]}}}"#;
    let two = two.replace(r#""positive":["6",0]"#, r#""positive":["6",1]"#);
    let facts = read(&two);
    let names: Vec<_> = facts.passes.iter().filter_map(|pass| pass.sampler.as_deref()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        (facts.seeds, facts.models),
        (vec!["9".to_owned()], vec!["high.safetensors".into(), "low.safetensors".into()])
    );
    assert_eq!((facts.positive, facts.negative), (vec!["yes".to_owned()], vec![]), "a zeroed negative is none");
    assert_eq!(facts.size.unwrap().length.as_deref(), Some("81"));
}

#[test]
fn a_hosted_service_says_its_prompt_and_model() {
    let hosted = r#"{"1":{"class_type":"KlingNode","inputs":{"model.prompt":"a boxer","shots.storyboard_1_prompt":"he falls","system_prompt":"no","model":"kling-v3","seed":5,"enhance_prompt":true}},
        "2":{"class_type":"GeminiNode","inputs":{"prompt":"write a prompt","model":"gemini"}}}"#;
    let facts = read(hosted);
    assert_eq!(
        (facts.positive, facts.models, facts.seeds),
        (vec!["a boxer".to_owned(), "he falls".to_owned()], vec!["kling-v3".to_owned()], vec!["5".to_owned()])
    );
}

#[test]
fn circles_and_bombs_end() {
    let circle = r#"{"1":{"class_type":"KSampler","inputs":{"seed":["1",0],"steps":["2",0],"model":["1",0],"positive":["1",0],
        "negative":["2",0],"latent_image":["1",0],"sampler_name":["1",0]}},
        "2":{"class_type":"ComfySwitchNode","inputs":{"switch":["2",0],"on_true":["2",0],"value":["2",0]}},
        "3":{"class_type":"Reroute","inputs":{"":["3",0]}},
        "4":{"class_type":"StringConcatenate","inputs":{"string_a":["4",0],"string_b":["4",0]}},
        "5":{"class_type":"CLIPTextEncode","inputs":{"text":["4",0],"a":["3",0]}},
        "6":{"class_type":"KSampler","inputs":{"seed":1,"steps":1,"sampler_name":"x","positive":["5",0],"latent_image":["1",0],"model":["3",0]}}}"#;
    assert_eq!(read(circle).positive, Vec::<String>::new());
    // Each text is the one before it, twice.
    let mut bomb = r#"{"0":{"class_type":"PrimitiveString","inputs":{"value":"0123456789abcdef"}},"#.to_owned();
    for n in 1..60 {
        bomb += &format!(
            r#""{n}":{{"class_type":"StringConcatenate","inputs":{{"string_a":["{0}",0],"string_b":["{0}",0]}}}},"#,
            n - 1
        );
    }
    bomb += r#""s":{"class_type":"KSampler","inputs":{"seed":1,"steps":1,"cfg":1,"positive":["e",0]}},"e":{"class_type":"CLIPTextEncode","inputs":{"text":["59",0]}}}"#;
    assert!(read(&bomb).positive.is_empty());
}

#[test]
fn names_of_models_are_shortened_for_people() {
    for (name, short) in [
        ("SDXL/base.v1.0.safetensors", "base.v1.0"),
        ("a\\b\\c.GGUF", "c"),
        ("kling-v2.1", "kling-v2.1"),
        (".safetensors", ".safetensors"),
        ("folder/", "folder/"),
        ("", ""),
    ] {
        assert_eq!(short_name(name), short);
    }
}

proptest! {
    #[test]
    fn hostile_texts_give_facts_and_no_panic(text in r#"([\[\]{}",:\\1 é]|"class_type"|"inputs"|"KSampler"|"positive"|"text"|"1"|\["1",0\]){0,60}"#) {
        let _ = (read(&text), model(&text));
    }

    #[test]
    fn any_graph_of_known_nodes_gives_facts(links in proptest::collection::vec((0..7_usize, 0..7_usize, 0..3_usize), 0..40)) {
        let classes = ["KSampler", "CLIPTextEncode", "ComfySwitchNode", "StringConcatenate", "Reroute", "CFGGuider", "LoraLoader"];
        let names = ["model", "positive", "text", "string_a", "", "sigmas", "latent_image"];
        let nodes: Vec<String> = classes.iter().enumerate().map(|(at, class)| {
            let inputs: Vec<String> = links.iter().filter(|(from, ..)| *from == at)
                .map(|(_, to, name)| format!(r#""{}":["{to}",{name}]"#, names[(to + name) % 7])).collect();
            format!(r#""{at}":{{"class_type":"{class}","inputs":{{"seed":1,"sampler_name":"x","guider":1,{}}}}}"#, inputs.join(","))
        }).collect();
        let _ = read(&format!("{{{}}}", nodes.join(",")));
    }
}
