//! What is wrong with a query, and what would be right.

use crate::model::ParseQueryError;
use crate::search::Field;
use crate::search::Unusable;
use crate::web::http::code::Code;
use crate::web::http::problem::Problem;

/// Fields whose values are counted.
pub const FACETS: [Field; 6] =
    [Field::Model, Field::Lora, Field::Sampler, Field::Scheduler, Field::Node, Field::Workflow];

/// A value longer than this is cut where an error repeats it.
const SHOWN_CHARS: usize = 80;

/// A parameter that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No parameter of ours.
    #[error("{:?} is not a parameter; there are {}", shown(name), known.join(", "))]
    Unknown {
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// Two values where one is needed.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// A page can't begin in two places.
    #[error("next and prev are both given; use one of them")]
    BothWays,
    /// Everything, where some are to be chosen.
    #[error("say which generations: ids=1,2,3, or a filter such as date=2026-11-20 or q=portrait")]
    Unchosen,
    /// A value that doesn't say what it should.
    #[error("{name}={:?}: {source}", shown(value))]
    Value {
        name: &'static str,
        value: String,
        /// What it should be.
        source: BadValue,
    },
}

/// What is wrong with a value, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum BadValue {
    #[error("not ids: use one to 200 whole numbers, separated by commas")]
    Ids,
    #[error("too many days: use 367 at most")]
    LongSpan,
    #[error("not a day: use YYYY-MM-DD")]
    Day,
    #[error("not a month: use YYYY-MM")]
    Month,
    #[error("use previews=shown, or leave it out")]
    Previews,
    #[error("not fields: use one or more of {}, separated by commas", FACETS.map(Field::key).join(", "))]
    Facets,
    #[error("not a place in q: use a whole number of characters")]
    Place,
    #[error(transparent)]
    Narrow(#[from] Unusable),
    #[error("not a size of thumbnails: use 256 or 512")]
    ThumbSize,
    #[error(transparent)]
    Query(#[from] ParseQueryError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::said(Code::BadParameter, error.to_string())
    }
}

/// The beginning of a text from outside, for an error that repeats it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
