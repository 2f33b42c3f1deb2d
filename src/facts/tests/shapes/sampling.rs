//! What samplers are set to, in one node or in many.

use super::{AROUND, graph, size, texts};
use crate::facts::*;

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
