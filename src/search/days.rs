//! Days of a filter: one, or all from a first to a last.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use super::Unusable;

/// Days of a calendar, from the first to the last. Either may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// Not before this one.
    pub first: Option<NaiveDate>,
    /// Not after this one.
    pub last: Option<NaiveDate>,
}

impl Days {
    /// The day, when it is one only.
    pub fn single(self) -> Option<NaiveDate> {
        self.first.filter(|first| self.last == Some(*first))
    }
}

impl FromStr for Days {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((first, last)) = text.split_once("..") else {
            let day = Some(date(text)?);
            return Ok(Self { first: day, last: day });
        };
        let end = |text: &str| if text.is_empty() { Ok(None) } else { date(text).map(Some) };
        let days = Self { first: end(first)?, last: end(last)? };
        if days == Self::default() { Err(Unusable::Date) } else { Ok(days) }
    }
}

impl fmt::Display for Days {
    /// As it is written in a `date` parameter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.single() {
            return day.fmt(f);
        }
        let [first, last] = [self.first, self.last].map(|day| day.map(|day| day.to_string()).unwrap_or_default());
        write!(f, "{first}..{last}")
    }
}

/// A date as ISO 8601 writes it.
pub fn date(text: &str) -> Result<NaiveDate, Unusable> {
    // chrono takes one-digit months and signs too.
    let is_plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Unusable::Date)
}
