//! What may be meant while a search is being typed.

use std::ops::Range;

use super::Field;

/// The term at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completing {
    /// The bytes that a chosen suggestion replaces, behind the `-` of what is excluded.
    pub range: Range<usize>,
    /// Whether it is what is not wanted.
    pub is_excluded: bool,
    /// What to suggest.
    pub what: What,
}

/// What to suggest at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Fields whose name begins so, and words of prompts that do.
    Word {
        /// The word as it is folded; empty where nothing is typed yet.
        word: String,
    },
    /// Values of a field: [`Field::choices`] or those of [`Field::values`].
    Value {
        /// Which.
        field: Field,
        /// The beginning as values are folded.
        folded: String,
        /// Whether the name of the field stands before a group, so that only the value is replaced.
        is_in_group: bool,
    },
}

/// What is being typed at the cursor, a place in bytes.
pub fn completing(_text: &str, cursor: usize) -> Completing {
    Completing { range: cursor..cursor, is_excluded: false, what: What::Word { word: String::new() } }
}

impl Completing {
    /// The text that a chosen value is written as.
    pub fn written(&self, value: &str) -> String {
        value.to_owned()
    }
}
