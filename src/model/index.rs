//! What the index holds of a run, and what it is asked: lists of terms. What the terms mean is `search`'s to know.

use super::ids::GenerationId;
use super::time::Timestamp;

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A list of terms. Lists of words hold folded words with their positions. Lists of values hold whole values: the
        /// folded text, a zero byte, the text as it was written. Lists of our own words and of ids hold them as they are.
        /// Lists of numbers hold `f64`s whose bytes sort as they do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum List {
            $($(#[$doc])* $name = $code,)*
        }

        impl List {
            /// Every list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number in the index: never used again for another list.
            pub fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The list with that number.
            pub fn of_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|list| list.code() == code)
            }

            /// Whether it is one of words, whose positions are kept for phrases.
            pub fn has_positions(self) -> bool {
                self.code() < 32
            }
        }
    };
}

lists! {
    /// Words of what was asked for: positive texts, tags, lyrics, instructions.
    PromptWords = 1,
    /// Words of what was asked to be left out.
    NegativeWords = 2,
    /// Words of models' names.
    ModelWords = 3,
    /// Words of LoRAs' names.
    LoraWords = 4,
    /// Words of node types and titles.
    NodeWords = 5,
    /// Words of workflows' names.
    WorkflowWords = 6,
    /// Words of files' names, of outputs and inputs.
    FileWords = 7,
    /// Words of texts that nodes gave.
    OutputWords = 8,
    /// Words of errors: message, type, node.
    ErrorWords = 9,
    /// Checkpoints, diffusion models, models of hosted services.
    Model = 33,
    /// LoRAs.
    Lora = 34,
    /// Node types.
    Node = 35,
    /// Workflows, by name, and by id where they have none.
    Workflow = 36,
    /// Samplers.
    Sampler = 37,
    /// Schedulers.
    Scheduler = 38,
    /// Seeds, as they are.
    Seed = 39,
    /// Words of the statuses, as they are.
    Status = 40,
    /// Words of the kinds of output, as they are.
    Kind = 41,
    /// Names of the instances, in small letters.
    Instance = 42,
    /// ComfyUI's ids of the runs, as they are.
    PromptId = 43,
    /// What a run is or has: `temp`, `error`, `workflow` …, as it is.
    Trait = 44,
    /// Hashes of the positive texts, as they are.
    PromptHash = 45,
    /// Hashes of the graphs, without what is filled in, as they are.
    GraphHash = 46,
    /// Names of files, whole.
    File = 47,
    /// Types of the nodes that failed.
    ErrorNode = 48,
    /// Ids of the workflows, as they are.
    WorkflowId = 49,
    /// How many steps.
    Steps = 65,
    /// Classifier-free guidance.
    Cfg = 66,
    /// Pixels across.
    Width = 67,
    /// Pixels down.
    Height = 68,
    /// Frames.
    Length = 69,
    /// How much of the latent is made anew.
    Denoise = 70,
    /// The guidance that Flux models are told.
    Guidance = 71,
    /// Seconds from start to end.
    Duration = 72,
}

/// One run, for the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the list.
    pub created_at: Timestamp,
    /// Which.
    pub id: GenerationId,
    /// Its terms in any order. The same one may come again with another position.
    pub terms: Vec<Term>,
}

/// A term of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Where it is looked up.
    pub list: List,
    /// What is looked up; at most [`Term::MOST_BYTES`].
    pub bytes: Vec<u8>,
    /// Which word of its list's texts it is, for phrases; 0 in lists of values and numbers. Texts are set apart by a leap.
    pub position: u32,
}

impl Term {
    /// Bytes of a term.
    pub const MOST_BYTES: usize = 400;
}

/// Which runs are wanted: a tree of look-ups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Want {
    /// Those that fit each; with none, all runs.
    All(Vec<Self>),
    /// Those that fit at least one; with none, no run.
    Any(Vec<Self>),
    /// Those that don't fit.
    Not(Box<Self>),
    /// Those with this very term.
    Term(List, Vec<u8>),
    /// Those with a term that begins so.
    Prefix(List, Vec<u8>),
    /// Those with a term from the first on, up to the second without it; `None`: to the end of the list.
    Range(List, Vec<u8>, Option<Vec<u8>>),
    /// Those with these words one after the other; `is_open`: the last one may go on.
    Phrase {
        /// A list of words.
        list: List,
        /// Two or more.
        words: Vec<Vec<u8>>,
        /// Whether the last is a prefix.
        is_open: bool,
    },
    /// Those created from the first moment on and before the second.
    Created(Timestamp, Timestamp),
}

/// A value of a list, and how many runs have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// As it was written; a word as it is folded.
    pub text: String,
    /// How many.
    pub runs: u64,
}

/// The most frequent values of a list, among the runs of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Which.
    pub list: List,
    /// The most frequent first.
    pub values: Vec<Counted>,
    /// How many values there are besides.
    pub more: u64,
    /// Whether the numbers are the whole truth; else there are at least so many.
    pub is_exact: bool,
}

/// How far the index is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexProgress {
    /// Runs that wait to be indexed, for the first time or again.
    pub waiting: u64,
    /// All runs.
    pub runs: u64,
}
