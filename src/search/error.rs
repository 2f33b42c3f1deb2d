//! What is wrong with a search: data enough for a page in any language, and an English text that says what to do.

use std::fmt;

use super::field::Field;

/// Why a text is not a search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `name:value`, but no field has this name.
    #[error("unknown field {given:?}: {}to search for the words, put them in quotes", Hint(nearest.map(Field::key), ":"))]
    UnknownField {
        given: String,
        /// The field that was probably meant.
        nearest: Option<Field>,
    },
    /// The field is known, but can't have this value.
    #[error("{field} can't be {given:?}: {}{expected}", Hint(*nearest, ""))]
    BadValue {
        field: Field,
        /// What stood behind it.
        given: String,
        /// The value that was probably meant.
        nearest: Option<&'static str>,
        /// What it may be.
        expected: Expected,
    },
    /// The text, or its canonical form, is too long.
    #[error("the search is too long: use at most {most} characters")]
    TooLong { most: usize },
    /// Too many words, phrases and fields.
    #[error("the search has too many terms: use at most {most}")]
    TooManyTerms { most: usize },
    /// Too many parentheses within each other.
    #[error("parentheses are nested too deeply: use at most {most} levels")]
    TooDeep { most: usize },
}

/// What the value of a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A number or a range of numbers.
    Number,
    /// Seconds, minutes, hours, or a range of them.
    Duration,
    Seed,
    Date,
    /// Days or a moment, where the search begins or ends.
    Moment,
    /// Words, not the whole text.
    Words,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(words) => write!(f, "use one of {}", words.join(", ")),
            Self::Number => f.write_str("use a number: 20, >20, >=20, <20, <=20 or 20..30"),
            Self::Duration => f.write_str("use seconds or 2m, 1h30m: 90, >90, >=2m, <2m, <=2m or 1m..2m"),
            Self::Seed => f.write_str("use a whole number"),
            Self::Date => f.write_str(
                "use today, yesterday, 7d (the last 7 days), 2026-11-20, 2026-11, 2026, or two with .. between: \
                 2026-11-01..yesterday",
            ),
            Self::Moment => f.write_str(
                "use a day or a time: before:2026-11-20 ends before that day begins, after:2026-11-20 begins after it \
                 ends, 7d is the day 7 days ago, a time is like 2026-11-20T09:30:00Z",
            ),
            Self::Words => f.write_str("use words or a phrase in quotes, without ="),
        }
    }
}

/// The nearest word with what stands behind it, as a question.
struct Hint<'a>(Option<&'a str>, &'a str);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "did you mean \"{nearest}{}\"? ", self.1),
            None => Ok(()),
        }
    }
}
