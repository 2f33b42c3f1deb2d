//! What can be searched and how: the grammar, the folding of text to words, what is indexed of a run, and marking.
//!
//! Pure: text in, text or look-ups out. Any text is answered, by a search or by an error that says what to do; none by a
//! panic, and none slowly.

mod complete;
mod entry;
mod error;
mod field;
mod fold;
mod mark;
mod want;

use std::fmt;

pub use complete::{Completing, What, completing};
pub use entry::{Source, SourceFile, entry, text_hash};
pub use error::{Error, Expected};
pub use field::Field;
pub use fold::fold_value;
pub use mark::{Snippet, snippet};
pub use want::{Clock, sortable};

use crate::model::List;

/// Which rules make an [`entry`]: raised whenever one of a run may have other terms, which then is made again.
pub const VERSION: u32 = 1;

/// A search, understood. The default one finds everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {}

/// One of the terms that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its canonical text, with the `-` where it is excluded.
    pub text: String,
    /// Whether it is what is not wanted.
    pub is_excluded: bool,
    /// The list of the whole value that it asks for, where it asks for one.
    pub list: Option<List>,
    /// That value.
    pub value: Option<String>,
}

/// Reads a search.
///
/// # Errors
///
/// Unknown fields and values that a field can't have; texts too long, too deep or with too many terms.
pub fn parse(_text: &str) -> Result<Search, Error> {
    Ok(Search {})
}

/// The term that asks for this very value of a list.
pub fn exact(_list: List, value: &str) -> String {
    value.to_owned()
}

impl Search {
    /// Whether it finds everything.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// Its terms, in order.
    pub fn pieces(&self) -> Vec<Piece> {
        Vec::new()
    }

    /// The search without one of its terms, by its place in [`Search::pieces`].
    #[must_use]
    pub fn without(&self, _piece: usize) -> Self {
        self.clone()
    }

    /// The search with a term more, in place of that term's opposite; the same when it has it already.
    ///
    /// # Errors
    ///
    /// The term is none, or one too many.
    pub fn with(&self, _term: &str) -> Result<Self, Error> {
        Ok(self.clone())
    }
}

impl fmt::Display for Search {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
