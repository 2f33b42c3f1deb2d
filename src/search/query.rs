//! A search: terms that must all fit, read from a text and written as one.

use std::fmt;
use std::ops::Range;

use super::clock::DayClock;
use super::error::Error;
use super::field::Field;
use super::parse::terms;
use super::tree::{self, Leaf, Tree};
use super::{mark, want};
use crate::model::{List, Want};

/// Reads a search.
///
/// # Errors
///
/// Unknown fields and values that a field can't have; texts too long, too deep or with too many terms.
pub fn parse(text: &str) -> Result<Search, Error> {
    terms(text).map(|terms| Search { terms })
}

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
    pub value: Option<String>,
}

impl Search {
    /// The look-ups that find it.
    pub fn want(&self, clock: &dyn DayClock) -> Want {
        want::want(&self.terms, clock)
    }

    /// The bytes that it finds in a text of this field, in order; [`Field::Text`] for what nodes gave.
    pub fn marks(&self, shown: Field, text: &str) -> Vec<Range<usize>> {
        mark::marks(&self.terms, shown, text)
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
