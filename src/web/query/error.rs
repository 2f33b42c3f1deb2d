//! What is wrong with a query, and what would be right.

use super::super::facets;
use super::super::zone::ParseZoneError;
use crate::model::{MediaKind, ParseIdError, ParseQueryError, Status};
use crate::search;

/// A value longer than this is cut where an error repeats it.
const SHOWN_CHARS: usize = 80;

/// A parameter that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No parameter of ours.
    #[error("{:?} is not a parameter; there are {}", shown(name), known.join(", "))]
    Unknown {
        /// What was given.
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
        /// The parameter.
        name: &'static str,
        /// What it was.
        value: String,
        /// What it should be.
        source: BadValue,
    },
}

/// What is wrong with a value, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum BadValue {
    #[error("not a status: use one or more of {}, with commas between", Status::ALL.map(Status::as_str).join(", "))]
    Status,
    #[error("not a kind: use one or more of {}, with commas between", MediaKind::ALL.map(MediaKind::as_str).join(", "))]
    Kind,
    #[error("not ids: use one to 200 whole numbers, with commas between")]
    Ids,
    #[error("not a date: use YYYY-MM-DD, or two with .. between for all days from the first to the last")]
    Date,
    #[error("too many days: use 367 at most")]
    LongSpan,
    #[error("not a day: use YYYY-MM-DD")]
    Day,
    #[error("not a month: use YYYY-MM")]
    Month,
    #[error("use previews=shown, or leave it out")]
    Previews,
    #[error("not a time: use RFC 3339, for example 2026-11-20T09:59:12Z or 2026-11-20T17:59:12+08:00")]
    Time,
    #[error("not fields: use one or more of {}, with commas between", facets::names().join(", "))]
    Facets,
    #[error("not a place in q: use a whole number of characters")]
    Place,
    #[error(transparent)]
    Search(#[from] search::Error),
    #[error("not a size of thumbnails: use 256 or 512")]
    ThumbSize,
    #[error(transparent)]
    Zone(#[from] ParseZoneError),
    #[error(transparent)]
    Id(#[from] ParseIdError),
    #[error(transparent)]
    Query(#[from] ParseQueryError),
}

/// The beginning of a text from outside, for an error that repeats it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
