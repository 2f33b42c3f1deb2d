//! What may be meant while a search is being typed.

use std::ops::Range;

use super::days::Spelled;
use super::field::Field;
use super::fold::fold_value;
use super::parse::spots;
use super::term;
use super::tree::Leaf;

/// The term at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completing {
    /// The bytes that a chosen suggestion replaces, behind the `-` of what is excluded.
    pub range: Range<usize>,
    /// Whether it is what is not wanted.
    pub is_excluded: bool,
    pub what: What,
}

/// What to suggest at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Fields whose name begins so ([`What::fields`]), words of prompts and names that do.
    Word {
        /// The word as it is folded; empty where nothing is typed yet. Of a phrase all of it, as values are folded.
        word: String,
    },
    /// Values of a field: those of [`What::choices`], or those in [`Field::values`] that begin so. Of numbers nothing is
    /// known by how they begin.
    Value {
        field: Field,
        /// The beginning as values are folded.
        folded: String,
        /// Whether the name of the field stands before a group, so that only the value is replaced.
        is_in_group: bool,
    },
}

/// What is being typed at the cursor, a place in bytes.
pub fn completing(text: &str, cursor: usize) -> Completing {
    // Longer texts are no searches.
    let cursor = text.floor_char_boundary(cursor.min(8_000));
    let nothing_yet = What::Word { word: String::new() };
    // What stands behind the cursor says nothing about what is being typed, only where it ends.
    let typed = &text[..cursor];
    let Some(spot) = spots(typed).pop().filter(|spot| spot.end == cursor && spot.start < cursor) else {
        let is_excluded =
            typed.strip_suffix('-').is_some_and(|before| before.is_empty() || before.ends_with([' ', '(']));
        return Completing { range: cursor..cursor, is_excluded, what: nothing_yet };
    };
    let whole = spots(&text[..text.floor_char_boundary(8_000)]).into_iter().find(|whole| whole.start == spot.start);
    let end = whole.map_or(cursor, |whole| whole.end.max(cursor));
    let what = match spot.field {
        Some(field) => What::Value { field, folded: fold_value(&spot.text), is_in_group: spot.is_in_group },
        None => {
            let mut words = term::words(&spot.text);
            let word = if words.len() == 1 { words.swap_remove(0) } else { fold_value(&spot.text) };
            What::Word { word }
        }
    };
    Completing { range: spot.start..end, is_excluded: spot.is_excluded, what }
}

impl What {
    /// The fields whose names begin as what is typed.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let typed = match self {
            Self::Word { word } => Some(word.clone()),
            _ => None,
        };
        let fields = Field::ALL.iter().copied();
        fields.filter(move |field| typed.as_ref().is_some_and(|typed| field.key().starts_with(&typed[..])))
    }

    /// The words that the field may have and that begin as what is typed.
    pub fn choices(&self) -> impl Iterator<Item = &'static str> {
        let (field, typed) = match self {
            Self::Value { field, folded, .. } => (Some(*field), folded.clone()),
            _ => (None, String::new()),
        };
        let choices = field.map_or(&[][..], Field::choices).iter().copied();
        choices.filter(move |choice| fold_value(choice).starts_with(&typed))
    }
}

impl Completing {
    /// The text that stands for a chosen value.
    pub fn written(&self, value: &str) -> String {
        let What::Value { field, is_in_group, .. } = &self.what else {
            // A word that alone would mean days.
            return if Spelled::of_word(value).is_some() { format!("\"{value}\"") } else { value.to_owned() };
        };
        let written = match field.values() {
            Some(list) => Leaf::exact(list, value).to_string(),
            None => format!("{field}:{value}"),
        };
        let name = format!("{field}:");
        let bare = written.strip_prefix(&name).filter(|_| *is_in_group).map(str::to_owned);
        bare.unwrap_or(written)
    }
}
