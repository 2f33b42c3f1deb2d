//! The fields of the grammar: names, the lists they look in, what their values look like.

use std::fmt;

use crate::model::List;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $key:literal $example:literal $shape:expr,)*) => {
        /// What may stand before a colon.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// Every field, the most used first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in a search; never changes, translations go by it.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// A search that has it.
            pub fn example(self) -> &'static str {
                match self {
                    $(Self::$name => $example,)*
                }
            }

            pub(super) fn shape(self) -> FieldShape {
                match self {
                    $(Self::$name => $shape,)*
                }
            }
        }
    };
}

/// What the values of a field look like, and where they are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldShape {
    /// Words of the first list; the whole value in the second.
    Words(List, Option<List>),
    /// Always the whole value.
    Whole(List),
    /// Numbers.
    Number(List),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Days or moments.
    When,
}

fields! {
    /// Checkpoints, diffusion models, models of hosted services.
    Model "model" "model:flux" FieldShape::Words(List::ModelWords, Some(List::Model)),
    /// LoRAs.
    Lora "lora" "lora:detail" FieldShape::Words(List::LoraWords, Some(List::Lora)),
    /// What was asked for.
    Prompt "prompt" "prompt:\"red fox\"" FieldShape::Words(List::PromptWords, None),
    /// What was asked to be left out.
    Negative "negative" "negative:blurry" FieldShape::Words(List::NegativeWords, None),
    /// The name or the id of the workflow.
    Workflow "workflow" "workflow:portrait" FieldShape::Words(List::WorkflowWords, Some(List::Workflow)),
    /// Node types and titles.
    Node "node" "node:upscale" FieldShape::Words(List::NodeWords, Some(List::Node)),
    /// Samplers.
    Sampler "sampler" "sampler:euler" FieldShape::Whole(List::Sampler),
    /// Schedulers.
    Scheduler "scheduler" "scheduler:karras" FieldShape::Whole(List::Scheduler),
    /// Seeds.
    Seed "seed" "seed:42" FieldShape::Whole(List::Seed),
    /// How many steps.
    Steps "steps" "steps:>20" FieldShape::Number(List::Steps),
    /// Classifier-free guidance.
    Cfg "cfg" "cfg:3..5" FieldShape::Number(List::Cfg),
    /// The guidance that Flux models are told.
    Guidance "guidance" "guidance:3.5" FieldShape::Number(List::Guidance),
    /// How much of the latent is made anew.
    Denoise "denoise" "denoise:<1" FieldShape::Number(List::Denoise),
    /// Pixels across.
    Width "width" "width:>=1024" FieldShape::Number(List::Width),
    /// Pixels down.
    Height "height" "height:1024" FieldShape::Number(List::Height),
    /// Frames.
    Length "length" "length:>48" FieldShape::Number(List::Length),
    /// From start to end.
    Duration "duration" "duration:>2m" FieldShape::Number(List::Duration),
    /// How far the run got.
    Status "status" "status:failed" FieldShape::Choice(STATUSES),
    /// What its outputs are.
    Kind "kind" "kind:video" FieldShape::Choice(KINDS),
    /// What the error says; whole: the type of the node that failed.
    Error "error" "error:memory" FieldShape::Words(List::ErrorWords, Some(List::ErrorNode)),
    /// Names of outputs and inputs.
    File "file" "file:portrait" FieldShape::Words(List::FileWords, Some(List::File)),
    /// Texts that nodes gave.
    Text "text" "text:fox" FieldShape::Words(List::OutputWords, None),
    /// The ComfyUI it ran on.
    Instance "instance" "instance:default" FieldShape::Whole(List::Instance),
    /// The days on which it was queued.
    Date "date" "date:7d" FieldShape::When,
    /// Queued before.
    Before "before" "before:2026-11-20" FieldShape::When,
    /// Queued after.
    After "after" "after:2026-11-01" FieldShape::When,
    /// `temp`: gave previews; also the words of `status:` and `kind:`.
    Is "is" "is:temp" FieldShape::Choice(IS),
    /// What there is of it.
    Has "has" "has:error" FieldShape::Choice(HAS),
}

const STATUSES: &[&str] = &["pending", "in_progress", "completed", "failed", "cancelled", "lost"];
const KINDS: &[&str] = &["image", "video", "audio", "text", "3d", "other"];
const IS: &[&str] = &[
    "temp",
    "pending",
    "in_progress",
    "completed",
    "failed",
    "cancelled",
    "lost",
    "image",
    "video",
    "audio",
    "text",
    "3d",
    "other",
];
const HAS: &[&str] =
    &["error", "workflow", "image", "video", "audio", "text", "3d", "lora", "negative", "input", "file", "preview"];
/// What is offered behind a field of days.
const DAYS: &[&str] = &["today", "yesterday", "7d", "30d"];

impl Field {
    /// The field of this name, whatever its case.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.key().eq_ignore_ascii_case(name))
    }

    /// The list of its whole values; of numbers, those of [`super::term::sortable`].
    pub fn values(self) -> Option<List> {
        match self.shape() {
            FieldShape::Words(_, values) => values,
            FieldShape::Whole(list) | FieldShape::Number(list) => Some(list),
            FieldShape::Choice(_) | FieldShape::When => None,
        }
    }

    /// The list of its words.
    pub fn words(self) -> Option<List> {
        match self.shape() {
            FieldShape::Words(words, _) => Some(words),
            _ => None,
        }
    }

    /// The list of the hashes that may stand for a value: `#0123456789abcdef`.
    pub fn hashes(self) -> Option<List> {
        match self {
            Self::Prompt => Some(List::PromptHash),
            Self::Workflow => Some(List::GraphHash),
            _ => None,
        }
    }

    /// The list of the words that it may have.
    pub(super) fn choice_list(self) -> Option<List> {
        match self {
            Self::Status => Some(List::Status),
            Self::Kind => Some(List::Kind),
            Self::Is | Self::Has => Some(List::Trait),
            _ => None,
        }
    }

    /// The words that it may have, or the most useful ones.
    pub fn choices(self) -> &'static [&'static str] {
        match self.shape() {
            FieldShape::Choice(words) => words,
            FieldShape::When => DAYS,
            _ => &[],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Names that other programs have for the same.
const OTHER_NAMES: [(&str, Field); 8] = [
    ("checkpoint", Field::Model),
    ("ckpt", Field::Model),
    ("class", Field::Node),
    ("type", Field::Kind),
    ("media", Field::Kind),
    ("server", Field::Instance),
    ("since", Field::After),
    ("until", Field::Before),
];

/// The field that was probably meant by a name.
pub(super) fn nearest(name: &str) -> Option<Field> {
    let name = name.to_ascii_lowercase();
    let names = Field::ALL.iter().map(|field| field.key()).chain(OTHER_NAMES.iter().map(|(name, _)| *name));
    let nearest = nearest_of(&name, names)?;
    Field::of(nearest).or_else(|| OTHER_NAMES.iter().find(|(name, _)| *name == nearest).map(|(_, field)| *field))
}

/// The word that was probably meant: with the fewest letters changed, at most a third of them.
pub(super) fn nearest_of<'w>(given: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let given = given.trim().to_lowercase();
    let length = given.chars().count();
    if length > 32 {
        return None;
    }
    let distance = |word: &str| strsim::damerau_levenshtein(&given, word);
    let nearest = words.map(|word| (distance(word), word)).min_by_key(|(distance, _)| *distance)?;
    (nearest.0 * 3 <= length.max(3)).then_some(nearest.1)
}
