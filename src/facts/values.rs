//! What is read from a prompt.

/// Values of a kind that are kept: far more than any real graph has.
pub(super) const MOST_VALUES: usize = 64;

/// Node types and titles that are kept.
pub(super) const MOST_NAMES: usize = 512;

/// What a prompt says. Every list is in the order of use, each value once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the pictures were asked to be; of music, its tags.
    pub positive: Vec<String>,
    /// What they were asked not to be.
    pub negative: Vec<String>,
    /// What a language model was asked for that wrote a text at run time.
    pub instructions: Vec<String>,
    /// The tags of music.
    pub tags: Vec<String>,
    pub lyrics: Vec<String>,
    /// Checkpoints and diffusion models, as the prompt names them; of a hosted service, its word for the model.
    pub models: Vec<String>,
    /// The LoRAs that the samplers' models pass through.
    pub loras: Vec<Lora>,
    pub vaes: Vec<String>,
    /// Files of text encoders.
    pub text_encoders: Vec<String>,
    pub controlnets: Vec<String>,
    /// Files of models that enlarge pictures or latents.
    pub upscalers: Vec<String>,
    /// Files of other models that took part: of vision, of masks, of depth, of language.
    pub helpers: Vec<String>,
    /// Hosted services that were asked.
    pub services: Vec<String>,
    /// Seeds that took part, as they were written: they reach 2^64-1.
    pub seeds: Vec<String>,
    /// Each sampler's settings, the first to run first.
    pub passes: Vec<Pass>,
    /// Pixels across, of the last latent or of what a hosted service was asked for.
    pub width: Option<String>,
    pub height: Option<String>,
    /// How many frames, where it is a video.
    pub length: Option<String>,
    /// How many seconds, where the graph says it.
    pub seconds: Option<String>,
    pub fps: Option<String>,
    /// How many at once, where it is more than one.
    pub batch: Option<String>,
    /// Names of files that the run read.
    pub inputs: Vec<String>,
    /// Node types, those that took part first.
    pub nodes: Vec<String>,
    /// Titles that nodes were given.
    pub titles: Vec<String>,
    /// Sixteen hex digits, the same for graphs that differ only in what is written in their widgets.
    pub shape: String,
}

/// A LoRA and how strongly it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lora {
    /// The file, as the prompt names it.
    pub name: String,
    /// The weight on the model, as it was written.
    pub strength: Option<String>,
    /// The weight on the text encoder.
    pub strength_clip: Option<String>,
}

/// What one sampler was set to. Values as they were written; `None`: the graph doesn't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// `euler`, `dpmpp_2m` …; the class of a node that is a sampler itself.
    pub sampler: Option<String>,
    /// `karras`, `simple` …
    pub scheduler: Option<String>,
    /// The class of the node that makes the schedule, where that has no name.
    pub schedule_node: Option<String>,
    /// How many steps its schedule has.
    pub steps: Option<String>,
    /// The first of them that it takes.
    pub start_at_step: Option<String>,
    /// The one before which it stops.
    pub end_at_step: Option<String>,
    pub cfg: Option<String>,
    /// The second one, where there are two.
    pub cfg2: Option<String>,
    /// The guidance that a Flux model is told in its conditioning.
    pub guidance: Option<String>,
    /// How much of the latent is made anew.
    pub denoise: Option<String>,
    /// Where its noise comes from; `None` where it adds none.
    pub seed: Option<String>,
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

/// Adds a value that isn't there yet.
pub(super) fn note(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value.filter(|value| list.len() < MOST_VALUES && !list.contains(value)) {
        list.push(value);
    }
}
