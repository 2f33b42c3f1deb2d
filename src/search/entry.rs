//! What is indexed of a run.

use crate::model::{Entry, Summary};

/// What is known of a run. Texts and numbers as they were written, names as the prompt has them.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// Its row: id, time, status, kinds, workflow, instance, duration, error.
    pub run: &'a Summary,
    /// What was asked for.
    pub positive: Vec<&'a str>,
    /// What was asked to be left out.
    pub negative: Vec<&'a str>,
    /// What an editing model or a service was told to do.
    pub instructions: Vec<&'a str>,
    /// Tags of music.
    pub tags: Vec<&'a str>,
    /// Lyrics of music.
    pub lyrics: Vec<&'a str>,
    /// Checkpoints, diffusion models, models of services.
    pub models: Vec<&'a str>,
    /// LoRAs.
    pub loras: Vec<&'a str>,
    /// Samplers.
    pub samplers: Vec<&'a str>,
    /// Schedulers.
    pub schedulers: Vec<&'a str>,
    /// Seeds.
    pub seeds: Vec<&'a str>,
    /// Steps of each pass.
    pub steps: Vec<&'a str>,
    /// Classifier-free guidance of each pass.
    pub cfg: Vec<&'a str>,
    /// Guidance of each pass.
    pub guidance: Vec<&'a str>,
    /// How much of the latent each pass makes anew.
    pub denoise: Vec<&'a str>,
    /// Pixels across.
    pub width: Vec<&'a str>,
    /// Pixels down.
    pub height: Vec<&'a str>,
    /// Frames.
    pub length: Vec<&'a str>,
    /// Classes of its nodes.
    pub nodes: Vec<&'a str>,
    /// Titles of its nodes.
    pub titles: Vec<&'a str>,
    /// Packs of custom nodes.
    pub custom_nodes: Vec<&'a str>,
    /// Files that it gave.
    pub outputs: Vec<SourceFile<'a>>,
    /// Files that it read.
    pub inputs: Vec<SourceFile<'a>>,
    /// Texts that its nodes gave.
    pub texts: Vec<&'a str>,
    /// Whether the editor's workflow is kept.
    pub has_workflow: bool,
    /// The hash of the graph's shape: 16 hexadecimal digits.
    pub graph_hash: Option<&'a str>,
}

/// A file of a run.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// Below ComfyUI's folder; may be empty.
    pub subfolder: &'a str,
    /// The last part.
    pub filename: &'a str,
}

impl<'a> Source<'a> {
    /// A run of which only the row is known.
    pub fn new(run: &'a Summary) -> Self {
        Self {
            run,
            positive: Vec::new(),
            negative: Vec::new(),
            instructions: Vec::new(),
            tags: Vec::new(),
            lyrics: Vec::new(),
            models: Vec::new(),
            loras: Vec::new(),
            samplers: Vec::new(),
            schedulers: Vec::new(),
            seeds: Vec::new(),
            steps: Vec::new(),
            cfg: Vec::new(),
            guidance: Vec::new(),
            denoise: Vec::new(),
            width: Vec::new(),
            height: Vec::new(),
            length: Vec::new(),
            nodes: Vec::new(),
            titles: Vec::new(),
            custom_nodes: Vec::new(),
            outputs: Vec::new(),
            inputs: Vec::new(),
            texts: Vec::new(),
            has_workflow: false,
            graph_hash: None,
        }
    }
}

/// What the index holds of a run.
pub fn entry(source: &Source<'_>) -> Entry {
    Entry { created_at: source.run.created_at, id: source.run.id, terms: Vec::new() }
}

/// The hash under which runs with the same texts are found, `prompt:#…`: 16 hexadecimal digits. `None` without a word.
pub fn text_hash<T: AsRef<str>>(_texts: &[T]) -> Option<String> {
    None
}
