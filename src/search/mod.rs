//! What can be searched and how: the grammar, the folding of text to words, what is indexed of a run, and marking.
//!
//! Pure: text in, text or look-ups out. Any text is answered, by a search or by an error that says what to do; none by a
//! panic, and none slowly.

mod complete;
mod days;
mod entry;
mod error;
mod field;
mod fold;
mod mark;
mod narrow;
mod number;
mod parse;
mod place;
mod scan;
mod script;
mod term;
mod tree;
mod value;
mod want;
mod when;
mod write;
mod zone;

#[cfg(test)]
mod tests;

use std::fmt;

pub use complete::{Completing, What, completing};
pub use days::{Days, Spelled, date, is_day_word};
pub use entry::{Source, SourceFile, entry, text_hash};
pub use error::{Error, Expected};
pub use field::Field;
pub use fold::{Word, Words, fold_value};
pub use mark::{Snippet, snippet};
pub use narrow::{Narrow, Unusable};
pub use parse::{leaves_quote_open, parse};
pub use place::Place;
pub use term::sortable;
pub use want::Clock;
pub use zone::{ParseZoneError, Zone};

use tree::{Leaf, Tree};

use crate::model::List;

/// Which rules make an [`entry()`]: raised whenever one of a run may have other terms, which then is made again.
pub const VERSION: u32 = 1;

/// A search, understood. The default one finds everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    /// Each must fit; none of them [`Tree::All`].
    terms: Vec<Tree>,
}

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

impl Search {
    fn of(terms: Vec<Tree>) -> Self {
        let terms = match Tree::all(terms) {
            None => Vec::new(),
            Some(Tree::All(terms)) => terms,
            Some(term) => vec![term],
        };
        Self { terms }
    }

    /// Whether it finds everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Its terms, in order.
    pub fn pieces(&self) -> Vec<Piece> {
        self.terms.iter().map(Piece::of).collect()
    }

    /// The search without one of its terms, by its place in [`Search::pieces`].
    #[must_use]
    pub fn without(&self, piece: usize) -> Self {
        let others = self.terms.iter().enumerate().filter(|(at, _)| *at != piece);
        Self { terms: others.map(|(_, term)| term.clone()).collect() }
    }

    /// The search with a term more, in place of that term's opposite; the same when it has it already.
    ///
    /// # Errors
    ///
    /// The term is none, or one too many.
    pub fn with(&self, term: &str) -> Result<Self, Error> {
        let mut terms = self.terms.clone();
        for added in parse(term)?.terms {
            let opposite = Tree::not(added.clone());
            match terms.iter().position(|term| *term == opposite) {
                Some(at) if terms.contains(&added) => drop(terms.remove(at)),
                Some(at) => terms[at] = added,
                None if terms.contains(&added) => {}
                None => terms.push(added),
            }
        }
        let search = Self { terms };
        // Within the limits of what can be written.
        parse(&search.to_string())?;
        Ok(search)
    }
}

impl Piece {
    fn of(term: &Tree) -> Self {
        let (is_excluded, inner) = match term {
            Tree::Not(inner) => (true, &**inner),
            term => (false, term),
        };
        let value = match inner {
            Tree::Leaf(leaf) => leaf.whole_value(),
            _ => None,
        };
        let (list, value) = value.unzip();
        Self { text: term.to_string(), is_excluded, list, value }
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write_all(&self.terms, f)
    }
}

/// The term that asks for this very value of a list.
pub fn exact(list: List, value: &str) -> String {
    Leaf::exact(list, value).to_string()
}
