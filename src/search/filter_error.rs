//! What is wrong with a value that narrows a list.

use super::error::Error;
use super::zone::ParseZoneError;
use crate::model::{MediaKind, ParseIdError, Status};

/// What is wrong with a value, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Unusable {
    #[error("not a status: use one or more of {}, separated by commas", Status::ALL.map(Status::as_str).join(", "))]
    Status,
    #[error("not a kind: use one or more of {}, separated by commas", MediaKind::ALL.map(MediaKind::as_str).join(", "))]
    Kind,
    #[error(
        "not a date: use today, yesterday, 7d (the last 7 days), YYYY-MM-DD or YYYY-MM, or two with .. between for all days \
         from the first to the last"
    )]
    Date,
    #[error(
        "not a time: use RFC 3339, for example 2026-11-20T09:59:12Z or 2026-11-20T17:59:12+08:00, or a day, which stands for \
         its beginning: 2026-11-20, today, yesterday, 7d"
    )]
    Time,
    #[error(transparent)]
    Search(#[from] Error),
    #[error(transparent)]
    Zone(#[from] ParseZoneError),
    #[error(transparent)]
    Id(#[from] ParseIdError),
}
