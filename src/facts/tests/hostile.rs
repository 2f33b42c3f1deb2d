//! Texts and graphs that nobody meant: no panic, no endless walk, the same facts whatever the order of the nodes.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::*;

const CLASSES: [&str; 30] = [
    "KSampler",
    "SamplerCustomAdvanced",
    "CFGGuider",
    "DualCFGGuider",
    "CLIPTextEncode",
    "ComfySwitchNode",
    "StringConcatenate",
    "StringReplace",
    "RegexExtract",
    "Reroute",
    "PreviewAny",
    "LoraLoader",
    "CheckpointLoaderSimple",
    "EmptyLatentImage",
    "ComfyMathExpression",
    "GetImageSize",
    "TextGenerate",
    "KlingVideoNode",
    "ControlNetApplyAdvanced",
    "Any Switch (rgthree)",
    "SplitSigmas",
    "SaveImage",
    "StringFunction|pysssss",
    "Text Find and Replace",
    "JoinStringMulti",
    "SDXLPromptStyler",
    "easy wildcards",
    "SomebodysLoraStack",
    "Context Merge (rgthree)",
    "SeedVR2VideoUpscaler",
];

const NAMES: [&str; 36] = [
    "model",
    "positive",
    "negative",
    "text",
    "prompt",
    "string_a",
    "string_b",
    "string",
    "find",
    "replace",
    "",
    "sigmas",
    "latent_image",
    "samples",
    "guider",
    "noise",
    "sampler",
    "on_true",
    "on_false",
    "switch",
    "clip",
    "image",
    "images",
    "pipe",
    "lora_stack",
    "values.a",
    "width",
    "height",
    "text_a",
    "action",
    "passthrough",
    "use_input_text",
    "ctx_01",
    "lora_high",
    "dit",
    "anything",
];

const LITERALS: [&str; 14] = [
    "1",
    "-1",
    "0.30000000000000004",
    "1e999",
    "true",
    "null",
    r#""a""#,
    r#""(""#,
    r#""\ud800""#,
    r#""x.safetensors""#,
    "{}",
    r#"{"on":true,"lora":"l","strength":"x"}"#,
    r#"{"__value__":[[],{}]}"#,
    r#"["1"]"#,
];

/// What an input is called, and a link or a literal.
type Input = (usize, Option<(usize, usize)>, usize);

fn input() -> impl Strategy<Value = Input> {
    (0..NAMES.len(), proptest::option::weighted(0.7, (0..14_usize, 0..4_usize)), 0..LITERALS.len())
}

fn node() -> impl Strategy<Value = (usize, Vec<Input>)> {
    (0..CLASSES.len(), proptest::collection::vec(input(), 0..9))
}

/// The nodes of a graph as JSON members.
fn nodes() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(node(), 0..12).prop_map(|nodes| {
        let written = nodes.into_iter().enumerate().map(|(id, (class, inputs))| {
            let inputs: Vec<String> = inputs
                .into_iter()
                .map(|(name, link, literal)| match link {
                    Some((to, output)) => format!(r#""{}":["{to}",{output}]"#, NAMES[name]),
                    None => format!(r#""{}":{}"#, NAMES[name], LITERALS[literal]),
                })
                .collect();
            let all = r#""seed":1,"steps":2,"sampler_name":"e""#;
            let comma = if inputs.is_empty() { "" } else { "," };
            format!(r#""{id}":{{"class_type":"{}","inputs":{{{all}{comma}{}}}}}"#, CLASSES[class], inputs.join(","))
        });
        written.collect()
    })
}

proptest! {
    #[test]
    fn any_graph_gives_the_same_facts_in_any_order(nodes in nodes(), turn in 0..12_usize) {
        let prompt = format!("{{{}}}", nodes.join(","));
        let facts = read(&prompt);
        prop_assert_eq!(model(&prompt), facts.models.first().map(|name| short_name(name).to_owned()));
        let mut turned = nodes.clone();
        turned.rotate_left(turn % nodes.len().max(1));
        turned.reverse();
        prop_assert_eq!(read(&format!("{{{}}}", turned.join(","))), facts);
    }

    #[test]
    fn hostile_texts_give_facts_and_no_panic(text in r#"([\[\]{}",:\\1 é]|"class_type"|"inputs"|"KSampler"|"positive"|"text"|"1"|\["1",0\]){0,60}"#) {
        let _ = (read(&text), model(&text), custom_nodes(&text));
    }
}

#[test]
fn circles_and_bombs_end() {
    let circle = r#"{"1":{"class_type":"KSampler","inputs":{"seed":["1",0],"steps":["2",0],"model":["1",0],"positive":["1",0],
        "negative":["2",0],"latent_image":["1",0],"sampler_name":["1",0]}},
        "2":{"class_type":"ComfySwitchNode","inputs":{"switch":["2",0],"on_true":["2",0],"value":["2",0]}},
        "3":{"class_type":"Reroute","inputs":{"":["3",0]}},
        "4":{"class_type":"StringConcatenate","inputs":{"string_a":["4",0],"string_b":["4",0]}},
        "5":{"class_type":"CLIPTextEncode","inputs":{"text":["4",0],"a":["3",0]}},
        "6":{"class_type":"KSampler","inputs":{"seed":1,"steps":1,"sampler_name":"x","positive":["5",0],"latent_image":["1",0],"model":["3",0]}},
        "7":{"class_type":"TextGenerate","inputs":{"prompt":["7",0],"clip":["7",0]}},
        "8":{"class_type":"PreviewAny","inputs":{"source":["7",0]}}}"#;
    assert_eq!(read(circle).positive, Vec::<String>::new());
    // Each text is the one before it, twice.
    let mut bomb = r#"{"0":{"class_type":"PrimitiveString","inputs":{"value":"0123456789abcdef"}},"#.to_owned();
    for n in 1..60 {
        let before = n - 1;
        bomb += &format!(
            r#""{n}":{{"class_type":"StringConcatenate","inputs":{{"string_a":["{before}",0],"string_b":["{before}",0]}}}},"#
        );
    }
    bomb += r#""97":{"class_type":"SaveImage","inputs":{"images":["98",0]}},"98":{"class_type":"KSampler","inputs":{"seed":1,"steps":1,"cfg":1,"positive":["99",0]}},
        "99":{"class_type":"CLIPTextEncode","inputs":{"text":["59",0]}}}"#;
    let facts = read(&bomb);
    assert_eq!((facts.positive.len(), facts.seeds.len()), (0, 1));
}

/// A prompt of `count` nodes, each linked to the one before it in all these ways.
fn chain(count: usize, class: &str, inputs: &[&str]) -> String {
    let nodes = (0..count).map(|n| {
        let links = inputs.iter().map(|name| format!(r#""{name}":["{}",0]"#, (n + count - 1) % count));
        let links: Vec<String> = links.collect();
        format!(
            r#""{n}":{{"class_type":"{class}","inputs":{{"seed":{n},"steps":3,"sampler_name":"e",{}}}}}"#,
            links.join(",")
        )
    });
    let nodes: Vec<String> = nodes.collect();
    format!(r#"{{"s":{{"class_type":"SaveImage","inputs":{{"images":["7",0]}}}},{}}}"#, nodes.join(","))
}

#[test]
fn a_graph_of_twenty_thousand_nodes_is_read_in_no_time() {
    for (class, inputs) in [
        ("KSampler", &["model", "positive", "negative", "latent_image"][..]),
        ("ComfySwitchNode", &["switch", "on_true", "on_false"]),
        ("LoraLoader", &["model", "clip", "lora_stack", "images"]),
        ("Context (rgthree)", &["base_ctx", "images"]),
        ("Context Merge (rgthree)", &["ctx_01", "ctx_02", "images"]),
        ("Unknown", &["a", "b", "images"]),
        ("Text Concatenate", &["text_a", "text_b", "images"]),
        ("easy kSampler", &["pipe", "image", "latent"]),
    ] {
        let prompt = chain(20_000, class, inputs);
        let start = Instant::now();
        let facts = read(&prompt);

        // Without optimization, on a busy machine: what is asked is that no walk is run for each node again.
        assert!(start.elapsed() < Duration::from_secs(10), "{class}: {:?}", start.elapsed());
        assert!(facts.passes.len() <= 64 && facts.nodes.len() == 2);
    }
}

#[test]
fn a_node_of_twenty_thousand_inputs_is_read_in_no_time() {
    let rows: Vec<String> = (0..20_000)
        .map(|n| format!(r#""lora_{n}":"{n}.safetensors","text_{n}":["1",0],"m{n}":["1",{n}],"model_{n}":["2",0]"#))
        .collect();
    for class in ["SomebodysLoraStack", "Text Concatenate", "Unknown", "Context Merge (rgthree)", "KSampler"] {
        let prompt = format!(
            r#"{{"1":{{"class_type":"{class}","inputs":{{{}}}}},"2":{{"class_type":"Other","inputs":{{"a":["1",0],"b":["1",1]}}}},
            "3":{{"class_type":"CLIPTextEncode","inputs":{{"text":["1",0],"clip":["1",1]}}}},
            "4":{{"class_type":"KSampler","inputs":{{"seed":1,"steps":2,"sampler_name":"e","model":["2",0],"positive":["3",0],
            "latent_image":["1",2]}}}},"5":{{"class_type":"SaveImage","inputs":{{"images":["4",0],"more":["1",0]}}}}}}"#,
            rows.join(",")
        );
        let start = Instant::now();
        let facts = read(&prompt);

        // As above: what is asked is that it ends.
        assert!(start.elapsed() < Duration::from_secs(60), "{class}: {:?}", start.elapsed());
        assert!(facts.loras.len() <= 64 && facts.positive.len() <= 64, "{class}");
    }
}
