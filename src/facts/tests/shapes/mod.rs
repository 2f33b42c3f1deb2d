//! Small graphs, each for one thing that is easily read wrong, or for nodes of other makers that users have.

mod branches;
mod models;
mod packs;
mod pipes;
mod sampling;
mod sizes;
mod texts;
mod typed;

use crate::facts::*;

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
