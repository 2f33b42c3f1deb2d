//! What a person asks about a run, read from its prompt graph: texts, models, LoRAs, seeds, sampler, steps, size.
//!
//! Pure and total: any text gives facts, none a panic, and the time is bounded by the length of the text. Says only what
//! the graph says plainly; what a node would work out while it runs is left out. Numbers stay as they were written.

mod graph;
mod recent;
mod text;
mod trace;

#[cfg(test)]
mod tests;

use graph::Graph;

/// Which rules [`read`] goes by: raised whenever it may say something else of a prompt, which then is read again.
pub const VERSION: u32 = 1;

/// What a prompt says. Every list is in the order of use, each value once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the pictures were asked to be.
    pub positive: Vec<String>,
    /// What they were asked not to be.
    pub negative: Vec<String>,
    /// Checkpoints and diffusion models, as the prompt names them; of a hosted service, its word for the model.
    pub models: Vec<String>,
    /// The LoRAs that the samplers' models pass through.
    pub loras: Vec<Lora>,
    /// Files of text encoders.
    pub text_encoders: Vec<String>,
    /// Files of VAEs.
    pub vaes: Vec<String>,
    /// Seeds as they were written: they reach 2^64-1.
    pub seeds: Vec<String>,
    /// Each sampler's settings, the first to run first.
    pub passes: Vec<Pass>,
    /// The size of the first latent, or of what a hosted service was asked for.
    pub size: Option<Size>,
}

/// A LoRA and how strongly it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lora {
    /// The file, as the prompt names it.
    pub name: String,
    /// The weight on the model, as it was written.
    pub strength: Option<String>,
}

/// What one sampler was set to. Values as they were written; `None`: the graph doesn't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// `euler`, `dpmpp_2m` …; the class of a node that is a sampler itself.
    pub sampler: Option<String>,
    /// `karras`, `simple` …
    pub scheduler: Option<String>,
    /// How many steps its schedule has.
    pub steps: Option<String>,
    /// Classifier-free guidance.
    pub cfg: Option<String>,
    /// The guidance that a Flux model is told in its conditioning.
    pub guidance: Option<String>,
    /// How much of the latent is made anew.
    pub denoise: Option<String>,
    /// Where its noise comes from; `None` where it adds none.
    pub seed: Option<String>,
}

/// Pixels, and how many at once; as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Pixels across.
    pub width: String,
    /// Pixels down.
    pub height: String,
    /// How many pictures at once, where the graph says it.
    pub batch: Option<String>,
    /// How many frames, where it is a video.
    pub length: Option<String>,
}

/// Reads the prompt document. Python's bare words are welcome.
pub fn read(prompt: &str) -> Facts {
    trace::facts(&Graph::read(prompt))
}

/// The one model to name where there is room for one: that of the first sampler, without folder and file ending.
pub fn model(prompt: &str) -> Option<String> {
    recent::model(prompt, |prompt| trace::first_model(&Graph::read(prompt)).map(|name| short_name(&name).to_owned()))
}

/// A model's name for people: without its folder and the ending of its file.
pub fn short_name(name: &str) -> &str {
    const ENDINGS: [&str; 8] = ["safetensors", "ckpt", "pt", "pth", "gguf", "sft", "bin", "onnx"];
    let file = name.rsplit(['/', '\\']).next().filter(|file| !file.is_empty()).unwrap_or(name);
    match file.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => {
            stem
        }
        _ => file,
    }
}
