//! Which words of a text a search has found.

use std::ops::Range;

use super::{Field, Search};

/// The part of a text around what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet<'a> {
    /// The part.
    pub text: &'a str,
    /// What was found, in bytes of the part.
    pub marks: Vec<Range<usize>>,
    /// Whether text stands before it.
    pub is_cut_before: bool,
    /// Whether text stands behind it.
    pub is_cut_behind: bool,
}

impl Search {
    /// The bytes that it finds in a text of this field, in order; [`Field::Text`] for what nodes gave.
    pub fn marks(&self, _shown: Field, _text: &str) -> Vec<Range<usize>> {
        Vec::new()
    }
}

/// About so many characters of a text around the first marks.
pub fn snippet<'a>(text: &'a str, _marks: &[Range<usize>], _chars: usize) -> Snippet<'a> {
    Snippet { text, marks: Vec::new(), is_cut_before: false, is_cut_behind: false }
}
