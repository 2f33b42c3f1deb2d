//! What is indexed of a run.

use sha2::{Digest as _, Sha256};

use super::fold::Words;
use super::number::rounded;
use super::term::{self, Camel, sortable};
use crate::model::{Entry, List, Summary, Term};

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
    pub tags: Vec<&'a str>,
    pub lyrics: Vec<&'a str>,
    /// Checkpoints, diffusion models, models of services.
    pub models: Vec<&'a str>,
    pub loras: Vec<&'a str>,
    pub samplers: Vec<&'a str>,
    pub schedulers: Vec<&'a str>,
    pub seeds: Vec<&'a str>,
    /// Steps of each pass.
    pub steps: Vec<&'a str>,
    /// Classifier-free guidance of each pass.
    pub cfg: Vec<&'a str>,
    /// Guidance of each pass.
    pub guidance: Vec<&'a str>,
    /// How much of the latent each pass makes anew.
    pub denoise: Vec<&'a str>,
    pub width: Vec<&'a str>,
    pub height: Vec<&'a str>,
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
    let mut terms = Terms::default();
    words(&mut terms, source);
    values(&mut terms, source);
    numbers(&mut terms, source);
    Entry { created_at: source.run.created_at, id: source.run.id, terms: terms.0 }
}

fn words(terms: &mut Terms, source: &Source<'_>) {
    let run = source.run;
    let asked = [&source.positive, &source.instructions, &source.tags, &source.lyrics];
    terms.words(List::PromptWords, asked.into_iter().flatten().copied());
    terms.words(List::NegativeWords, source.negative.iter().copied());
    terms.names(List::ModelWords, &stems(&source.models));
    terms.names(List::LoraWords, &stems(&source.loras));
    terms.names(List::NodeWords, &[&source.nodes[..], &source.titles, &source.custom_nodes].concat());
    terms.words(List::WorkflowWords, run.workflow_name.as_deref().into_iter());
    let files = source.outputs.iter().chain(&source.inputs);
    terms.words(List::FileWords, files.flat_map(|file| [file.filename, file.subfolder]));
    terms.words(List::OutputWords, source.texts.iter().copied());
    if let Some(error) = &run.error {
        let texts = [&error.message, &error.kind, &error.node_type].into_iter().flatten();
        terms.names(List::ErrorWords, &texts.map(String::as_str).collect::<Vec<_>>());
    }
}

fn stems<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().map(|name| term::without_ending(name)).collect()
}

fn values(terms: &mut Terms, source: &Source<'_>) {
    let run = source.run;
    let files = source.outputs.iter().chain(&source.inputs).map(|file| file.filename);
    terms.values(List::Model, source.models.iter().copied());
    terms.values(List::Lora, source.loras.iter().copied());
    terms.values(List::Node, source.nodes.iter().copied());
    terms.values(List::Workflow, run.workflow_name.as_deref().or(run.workflow_id.as_deref()).into_iter());
    terms.codes(List::WorkflowId, run.workflow_id.as_deref().into_iter());
    terms.values(List::Sampler, source.samplers.iter().copied());
    terms.values(List::Scheduler, source.schedulers.iter().copied());
    terms.values(List::Seed, source.seeds.iter().copied());
    terms.codes(List::Status, [run.status.as_str()].into_iter());
    terms.codes(List::Kind, run.kinds.iter().map(|kind| kind.as_str()));
    terms.codes(List::Instance, [&*run.instance.as_str().to_lowercase()].into_iter());
    terms.codes(List::PromptId, [run.prompt_id.as_str()].into_iter());
    terms.codes(List::Trait, traits(source));
    terms.codes(List::PromptHash, text_hash(&source.positive).as_deref().into_iter());
    terms.codes(List::GraphHash, source.graph_hash.into_iter());
    terms.values(List::File, files);
    terms.values(List::ErrorNode, run.error.iter().filter_map(|error| error.node_type.as_deref()));
}

fn traits(source: &Source<'_>) -> impl Iterator<Item = &'static str> {
    let has_words = |texts: &[&str]| texts.iter().any(|text| Words::of(text).next_word().is_some());
    let traits = [
        ("temp", source.run.previews_count > 0),
        ("error", source.run.error.is_some()),
        ("workflow", source.has_workflow),
        ("lora", !source.loras.is_empty()),
        ("negative", has_words(&source.negative)),
        ("input", !source.inputs.is_empty()),
        ("file", !source.outputs.is_empty()),
    ];
    traits.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word)
}

fn numbers(terms: &mut Terms, source: &Source<'_>) {
    terms.numbers(List::Steps, &source.steps);
    terms.numbers(List::Cfg, &source.cfg);
    terms.numbers(List::Guidance, &source.guidance);
    terms.numbers(List::Denoise, &source.denoise);
    terms.numbers(List::Width, &source.width);
    terms.numbers(List::Height, &source.height);
    terms.numbers(List::Length, &source.length);
    // Exact for a million years.
    #[allow(clippy::cast_precision_loss)]
    let seconds = source.run.duration_ms.map(|ms| ms as f64 / 1000.0);
    terms.number(List::Duration, seconds);
}

/// Terms of a run as they come together.
#[derive(Default)]
struct Terms(Vec<Term>);

impl Terms {
    /// Words of a list: more of a run are no help to find it.
    const MOST_WORDS: usize = 5_000;
    /// Between the texts of a list, so that no phrase goes from one into the next.
    const LEAP: u32 = 100;

    /// The words of texts.
    fn words<'t>(&mut self, list: List, texts: impl Iterator<Item = &'t str>) {
        let (mut position, mut left) = (0, Self::MOST_WORDS);
        for text in texts {
            self.text(list, text, &mut position, &mut left);
        }
    }

    /// The words of names, and the parts of those in camel case as a text of their own.
    fn names(&mut self, list: List, names: &[&str]) {
        let (mut position, mut left) = (0, Self::MOST_WORDS);
        for name in names {
            self.text(list, name, &mut position, &mut left);
            if let Some(parts) = Camel::of(name) {
                for part in parts.words {
                    // A letter alone is only there to keep the others at their places.
                    if part.text.len() > 1 && left > 0 {
                        left -= 1;
                        self.0.push(Term { list, bytes: part.text.into_bytes(), position });
                    }
                    position += 1;
                }
                position += Self::LEAP;
            }
        }
    }

    fn text(&mut self, list: List, text: &str, position: &mut u32, left: &mut usize) {
        let mut words = Words::of(text);
        while *left > 0
            && let Some(word) = words.next_word()
        {
            self.0.push(Term { list, bytes: word.text.as_bytes().to_vec(), position: *position });
            *position += 1;
            *left -= 1;
        }
        *position += Self::LEAP;
    }

    /// Whole values, each once.
    fn values<'t>(&mut self, list: List, values: impl Iterator<Item = &'t str>) {
        let values = values.filter(|value| !value.is_empty()).take(Self::MOST_WORDS);
        let mut bytes: Vec<Vec<u8>> = values.map(term::of_value).collect();
        bytes.sort_unstable();
        bytes.dedup();
        self.0.extend(bytes.into_iter().map(|bytes| Term { list, bytes, position: 0 }));
    }

    /// Words of ours and ids: nobody writes them another way.
    fn codes<'t>(&mut self, list: List, codes: impl Iterator<Item = &'t str>) {
        let codes = codes.filter(|code| !code.is_empty());
        self.0.extend(codes.map(|code| Term { list, bytes: term::of_code(code), position: 0 }));
    }

    fn numbers(&mut self, list: List, numbers: &[&str]) {
        let mut numbers: Vec<f64> = numbers.iter().filter_map(|number| number.trim().parse().ok()).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        numbers.dedup();
        numbers.truncate(Self::MOST_WORDS);
        numbers.into_iter().for_each(|number| self.number(list, Some(number)));
    }

    fn number(&mut self, list: List, number: Option<f64>) {
        let finite = number.filter(|number| number.is_finite());
        let bytes = finite.map(|number| sortable(rounded(number)).to_vec());
        self.0.extend(bytes.map(|bytes| Term { list, bytes, position: 0 }));
    }
}

/// The hash under which runs with the same texts are found, `prompt:#…`: 16 hexadecimal digits. Texts are the same when
/// their words are. `None` without a word.
pub fn text_hash<T: AsRef<str>>(texts: &[T]) -> Option<String> {
    let mut hash = Sha256::new();
    let mut is_empty = true;
    for text in texts {
        let mut words = Words::of(text.as_ref());
        let mut has_words = false;
        while let Some(word) = words.next_word() {
            hash.update(word.text.as_bytes());
            hash.update(b" ");
            has_words = true;
        }
        if has_words {
            hash.update(b"\n");
            is_empty = false;
        }
    }
    (!is_empty).then(|| hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
