//! What ComfyUI's clients ask for: parameters that are there or not, and a clear word about those that make no sense.
//! Names that we don't know are passed over, as ComfyUI does: clients add some to get past caches.

use std::borrow::Cow;

use url::form_urlencoded;

use crate::model::{Filter, InstanceName, ParseIdError, Status};
use crate::web::http::code::Code;
use crate::web::http::problem::Problem;
use crate::web::query::error::BadValue;

/// A request that can't be answered, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Mistake {
    #[error("{name} must be an integer, not {value:?}")]
    NotANumber { name: &'static str, value: String },
    #[error("{name} must be a whole number from {least} to {most}, not {value}")]
    OutOfRange { name: &'static str, value: String, least: u64, most: u64 },
    #[error("limit must be a positive integer")]
    JobsLimit,
    #[error("Invalid status value(s): {0}. Valid values: pending, in_progress, completed, failed, cancelled")]
    JobsStatus(String),
    #[error("sort_by must be 'created_at' or 'execution_duration'")]
    SortBy,
    #[error("sort_order must be 'asc' or 'desc'")]
    SortOrder,
    #[error(
        "the body must be a JSON object such as {{\"date\":\"2026-11-20\",\"status\":\"1\",\"limit\":20,\"offset\":0}}, or empty"
    )]
    Body,
    #[error("the body can't be read; it may be up to 64 KB")]
    LongBody,
    #[error(
        "status must be \"0\" (waiting or running), \"1\" (completed) or \"2\" (failed, cancelled or lost), not {0}"
    )]
    ArtifactStatus(String),
    #[error("{name} must be a text or a number, not {value}")]
    NotAText { name: &'static str, value: String },
    #[error("{name}={value:?}: {source}")]
    Value { name: &'static str, value: String, source: BadValue },
    #[error("instance={value:?}: {source}")]
    Instance { value: String, source: ParseIdError },
    #[error("filename is empty")]
    NoFilename,
    #[error("files are kept as they are: leave channel out, or use channel=rgba")]
    Channel,
}

impl From<Mistake> for Problem {
    fn from(mistake: Mistake) -> Self {
        Self::said(Code::BadRequest, mistake.to_string())
    }
}

/// A query string, read by name; of a name that comes twice the first counts, as in ComfyUI.
#[derive(Debug, Clone)]
pub struct Asked<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Asked<'a> {
    /// Reads what stands behind the `?`.
    pub fn read(query: &'a str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).collect())
    }

    /// The value of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_ref())
    }

    /// A whole number, as far as 64 bits reach.
    pub fn number(&self, name: &'static str) -> Result<Option<i64>, Mistake> {
        let Some(text) = self.text(name) else { return Ok(None) };
        whole(text).map(Some).ok_or_else(|| Mistake::NotANumber { name, value: shown(text) })
    }

    /// The runs of one instance, if that is asked for, with these statuses.
    pub fn filter(&self, statuses: &[Status]) -> Result<Filter, Mistake> {
        let instance = self.text("instance").filter(|name| !name.is_empty()).map(instance).transpose()?;
        Ok(Filter { statuses: statuses.to_vec(), instance, ..Filter::default() })
    }
}

/// A name for an instance.
pub fn instance(text: &str) -> Result<InstanceName, Mistake> {
    text.parse().map_err(|source| Mistake::Instance { value: shown(text), source })
}

/// A whole number as Python reads it: with a sign and blanks around it. One that no list is as long as is the longest.
pub fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// The beginning of a text from outside, for an error that repeats it.
pub fn shown(text: &str) -> String {
    const CHARS: usize = 80;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_python_reads_it() {
        for (text, number) in [
            ("5", Some(5)),
            (" +5 ", Some(5)),
            ("-1", Some(-1)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
            ("", None),
            ("5.0", None),
            ("five", None),
            ("+", None),
            ("--1", None),
        ] {
            assert_eq!(whole(text), number, "{text:?}");
        }
    }

    #[test]
    fn unknown_names_are_passed_over_and_the_first_of_two_values_counts() {
        let asked = Asked::read("rand=0.5&max_items=3&max_items=x&instance=");
        assert_eq!(asked.number("max_items"), Ok(Some(3)));
        assert_eq!(asked.number("offset"), Ok(None));
        assert_eq!(asked.filter(&[]), Ok(Filter::default()));
        let message = Asked::read("max_items=x").number("max_items").unwrap_err().to_string();
        assert_eq!(message, "max_items must be an integer, not \"x\"");
    }
}
