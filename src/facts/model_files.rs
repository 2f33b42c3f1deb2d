//! Files of models: which inputs name them, and what kind they are.

use url::Url;

use super::graph::Graph;
use super::nodes::{InputValue, NodeIndex};
use super::values::short_name;
use crate::json::is_secret_name;

/// Where a loader names its model, the surest first.
pub(super) const FILES: [&str; 18] = [
    "ckpt_name",
    "unet_name",
    "gguf_name",
    "base_ckpt_name",
    "ckpt_path",
    "unet_path",
    "model_name",
    "model_path",
    "diffusion_model",
    "diffusion_models",
    "transformer_name",
    "transformer",
    "checkpoint",
    "model",
    "dit_model",
    "dit",
    "unet",
    "model_id",
];

/// A second model that the same loader brings.
const MORE_FILES: [&str; 1] = ["refiner_ckpt_name"];

/// `model`, `model1`, `model_b`, `model_negative`, `high_noise_model`, `opt_model`.
pub(super) fn is_model(name: &str) -> bool {
    const PARTS: [&str; 10] =
        ["negative", "optional", "opt", "override", "pass", "in", "high", "low", "main", "refiner"];
    let name = name.strip_prefix("opt_").or_else(|| name.strip_prefix("optional_")).unwrap_or(name);
    if matches!(name, "high_noise_model" | "low_noise_model" | "unet" | "base_model" | "MODEL" | "refiner_model") {
        return true;
    }
    name.strip_prefix("model").is_some_and(|rest| {
        let rest = rest.trim_start_matches('_');
        rest.len() <= 1 || PARTS.contains(&rest) || rest.bytes().all(|c| c.is_ascii_digit())
    })
}

/// What a loader loads; nothing for another node.
pub(super) fn files_of(graph: &Graph<'_>, place: NodeIndex) -> Vec<String> {
    let is_literal = |name: &&&str| !matches!(graph.value(place, name), None | Some(InputValue::Nowhere));
    let first = FILES.iter().filter(is_literal).find_map(|name| graph.text(place, name)).filter(|name| is_name(name));
    let more = MORE_FILES.iter().filter_map(|name| graph.text(place, name)).filter(|name| is_name(name));
    first.into_iter().chain(more).map(without_secrets).collect()
}

/// A name; of one that is an address all but its secrets.
pub(super) fn without_secrets(name: String) -> String {
    if !name.starts_with("http://") && !name.starts_with("https://") {
        return name;
    }
    let Ok(mut url) = Url::parse(&name) else { return name };
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(name, _)| is_secret_name(name)) {
        url.query_pairs_mut().clear().extend_pairs(pairs.iter().filter(|(name, _)| !is_secret_name(name)));
        if url.query() == Some("") {
            url.set_query(None);
        }
    }
    // An address with a host can have them taken away.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

/// Whether a name ends as the files of models do.
pub(super) fn is_file(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    !file.is_empty() && short_name(name) != file
}

/// Whether a choice is one.
pub(super) fn is_name(name: &str) -> bool {
    !matches!(name.trim(), "" | "None" | "none" | "NONE" | "[None]" | "Baked VAE" | "undefined")
}

/// A sort of file.
pub(super) enum ModelKind {
    Vae,
    TextEncoder,
    ControlNet,
    Upscaler,
    Other,
}

/// What sort of file an input names.
pub(super) fn kind(class: &str, name: &str) -> ModelKind {
    let lower = class.to_ascii_lowercase();
    let is_of = |word: &str| lower.contains(word);
    let is_file = name.ends_with("name") || name.contains("model") || name.ends_with("path");
    if name == "vae_name" || is_file && is_of("vae") && is_of("load") {
        ModelKind::Vae
    } else if name.starts_with("control_net_name") || is_file && is_of("controlnet") {
        ModelKind::ControlNet
    } else if name.starts_with("text_encoder")
        || name.starts_with("clip_name") && !is_of("vision")
        || is_file && (is_of("textencode") || is_of("t5"))
    {
        ModelKind::TextEncoder
    } else if is_file && is_of("upscal") {
        ModelKind::Upscaler
    } else {
        ModelKind::Other
    }
}
