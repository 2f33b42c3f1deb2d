//! Why a request isn't answered as it wished: the one error type of every handler. It knows no feature; each feature
//! converts its own errors into it. Inner failures are told to the log alone; the client gets a number to find them there.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, HeaderValue};

use super::code::Code;

/// An error that a client is told of.
pub struct Problem(Box<Details>);

struct Details {
    code: Code,
    message: Cow<'static, str>,
    /// What a page says; `None`: the message, in English and in the terms of the API.
    text: Option<PageText>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Its client can't read a page.
    is_for_programs: bool,
    /// What was being done, and what failed.
    cause: Option<(&'static str, Box<dyn StdError + Send + Sync>)>,
}

/// A text of the catalogue, with the value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    pub key: &'static str,
    /// The name of the value, and the value.
    pub value: Option<(&'static str, String)>,
}

impl Problem {
    /// With a message of its own, which pages say too, in English: what is wrong with a parameter, for example.
    pub fn said(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            code,
            message: message.into(),
            text: None,
            headers: Vec::new(),
            is_for_programs: false,
            cause: None,
        }))
    }

    /// A failure of ours. `doing` says what was being done.
    pub fn internal(doing: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::from(Code::Internal).because(doing, cause)
    }

    /// Keeps for the log what failed.
    #[must_use]
    pub fn because(mut self, doing: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some((doing, cause.into()));
        self
    }

    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// With a text of the catalogue for pages.
    #[must_use]
    pub fn text(mut self, key: &'static str) -> Self {
        self.0.text = Some(PageText { key, value: None });
        self
    }

    /// The same, with a value in it.
    #[must_use]
    pub fn text_with(mut self, key: &'static str, name: &'static str, value: impl ToString) -> Self {
        self.0.text = Some(PageText { key, value: Some((name, value.to_string())) });
        self
    }

    /// With a header beside those of every answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Never as a page: its client couldn't read one.
    #[must_use]
    pub fn for_programs(mut self) -> Self {
        self.0.is_for_programs = true;
        self
    }

    /// The word that programs know it by.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What JSON says to people.
    pub fn to_json_message(&self) -> &str {
        &self.0.message
    }

    /// What a page says, if not the message.
    pub fn page_text(&self) -> Option<&PageText> {
        self.0.text.as_ref()
    }

    /// Headers beside those of every answer.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// Whether its client can't read a page.
    pub fn is_for_programs(&self) -> bool {
        self.0.is_for_programs
    }

    /// What failed with all its causes, in one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        text
    }
}

impl From<Code> for Problem {
    /// With the message and the text of that code. A code whose key says what it means in general has no text for pages.
    fn from(code: Code) -> Self {
        let problem = Self::said(code, code.message());
        if code.key().starts_with("error-") { problem.text(code.key()) } else { problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.cause.as_ref().map_or(&*self.0.message, |(doing, _)| doing))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Problem").field(&self.0.code).field(&self.chain()).finish()
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|(_, cause)| &**cause as &(dyn StdError + 'static))
    }
}

impl IntoResponse for Problem {
    /// Only says that there is a problem: the outermost layer knows who asked, and renders it.
    fn into_response(self) -> Response {
        (self.code().status(), axum::Extension(Arc::new(self))).into_response()
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::internal("fill in a template", error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal("write JSON", error)
    }
}

impl From<http::header::InvalidHeaderValue> for Problem {
    fn from(error: http::header::InvalidHeaderValue) -> Self {
        Self::internal("write a header", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_ours_is_told_to_the_log_alone() {
        let problem = Problem::internal("read a file", std::io::Error::other("disk at /secret/place is on fire"));
        assert_eq!(problem.chain(), "read a file: disk at /secret/place is on fire");
        assert!(!problem.to_json_message().contains("secret"));
        assert_eq!(problem.code(), Code::Internal);
    }
}
