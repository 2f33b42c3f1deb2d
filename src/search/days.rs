//! Days: of a calendar, and as people write them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days as Span, Months, NaiveDate};

use super::filter_error::Unusable;

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

/// Days as they are written: `yesterday`, `7d`, `2026-11`, `2026-11-01..yesterday`, `7d..`. Which ones these are depends on
/// the day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelled {
    first: Option<DaySpan>,
    last: Option<DaySpan>,
}

/// What stands for a day, or for some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DaySpan {
    Today,
    Yesterday,
    /// The last days, with today. At an end of a span the first of them.
    Last(u32),
    /// A day, a month and a year: each by its first day.
    Date(NaiveDate),
    Month(NaiveDate),
    Year(NaiveDate),
}

/// A hundred years: there is nothing before.
const MOST_DAYS: u32 = 36_500;

/// Spans that a plain word of a search may stand for: what is shorter is a word of prompts, as in `3d render`.
const FEWEST_DAYS_OF_A_WORD: u32 = 7;

/// Whether a term is a word that means days, as it stands.
pub fn is_day_word(term: &str) -> bool {
    Spelled::of_word(term).is_some()
}

impl Spelled {
    /// A word that means days without the name of a field before it: `today`, `yesterday`, and spans of a week or more.
    pub(super) fn of_word(text: &str) -> Option<Self> {
        let day = DaySpan::of(&text.to_ascii_lowercase())?;
        let is_word = match day {
            DaySpan::Today | DaySpan::Yesterday => true,
            DaySpan::Last(count) => count >= FEWEST_DAYS_OF_A_WORD,
            DaySpan::Date(_) | DaySpan::Month(_) | DaySpan::Year(_) => false,
        };
        is_word.then_some(Self { first: Some(day), last: Some(day) })
    }

    /// The days of the calendar, on the day that is today.
    pub fn days(self, today: NaiveDate) -> Days {
        if let (Some(DaySpan::Last(count)), true) = (self.first, self.first == self.last) {
            return Days { first: Some(before(today, count - 1)), last: Some(today) };
        }
        let (first, last) = (self.first.map(|day| day.first(today)), self.last.map(|day| day.last(today)));
        match (self.first, self.last, first > last) {
            // Written the other way round.
            (Some(from), Some(to), true) => Days { first: Some(to.first(today)), last: Some(from.last(today)) },
            _ => Days { first, last },
        }
    }

    /// Whether both ends are said.
    pub(super) fn is_closed(self) -> bool {
        self.first.is_some() && self.last.is_some()
    }

    /// How many days, where it is the last ones.
    pub(super) fn last_days(self) -> Option<u32> {
        match self.first {
            Some(DaySpan::Last(count)) if self.first == self.last => Some(count),
            _ => None,
        }
    }
}

impl FromStr for Spelled {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let Some((first, last)) = text.split_once("..") else {
            let day = Some(DaySpan::of(&text).ok_or(Unusable::Date)?);
            return Ok(Self { first: day, last: day });
        };
        let end = |text: &str| match text.trim() {
            "" => Ok(None),
            text => DaySpan::of(text).map(Some).ok_or(Unusable::Date),
        };
        match (end(first)?, end(last)?) {
            (None, None) => Err(Unusable::Date),
            (Some(from), Some(to)) if from.is_fixed() && to.is_fixed() && from.date() > to.date() => {
                Ok(Self { first: Some(to), last: Some(from) })
            }
            (first, last) => Ok(Self { first, last }),
        }
    }
}

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |day: Option<DaySpan>| day.map(|day| day.to_string()).unwrap_or_default();
        match self.first == self.last {
            true => f.write_str(&end(self.first)),
            false => write!(f, "{}..{}", end(self.first), end(self.last)),
        }
    }
}

impl DaySpan {
    /// What is written so, in lower case; a month and a day may have one digit.
    fn of(text: &str) -> Option<Self> {
        match text {
            "today" => return Some(Self::Today),
            "yesterday" => return Some(Self::Yesterday),
            _ => {}
        }
        for (unit, days) in [("d", 1), ("w", 7)] {
            if let Some(count) = text.strip_suffix(unit) {
                let count: u32 = count.parse().ok().filter(|_| !count.starts_with('+'))?;
                let days = count.checked_mul(days)?;
                return (1..=MOST_DAYS).contains(&days).then_some(Self::Last(days));
            }
        }
        let mut numbers = text.split('-').map(|digits| {
            let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| is_plain && digits.len() <= 4)
        });
        let year = i32::try_from(numbers.next()??).ok().filter(|year| (1970..=9999).contains(year))?;
        let Some(month) = numbers.next() else { return NaiveDate::from_ymd_opt(year, 1, 1).map(Self::Year) };
        let Some(day) = numbers.next() else { return NaiveDate::from_ymd_opt(year, month?, 1).map(Self::Month) };
        let date = NaiveDate::from_ymd_opt(year, month?, day?)?;
        numbers.next().is_none().then_some(Self::Date(date))
    }

    fn is_fixed(self) -> bool {
        self.date().is_some()
    }

    /// Its first day, where that isn't counted from today.
    fn date(self) -> Option<NaiveDate> {
        match self {
            Self::Date(date) | Self::Month(date) | Self::Year(date) => Some(date),
            Self::Today | Self::Yesterday | Self::Last(_) => None,
        }
    }

    fn first(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Today => today,
            Self::Yesterday => before(today, 1),
            Self::Last(count) => before(today, count - 1),
            Self::Date(date) | Self::Month(date) | Self::Year(date) => date,
        }
    }

    fn last(self, today: NaiveDate) -> NaiveDate {
        let months = match self {
            Self::Month(_) => 1,
            Self::Year(_) => 12,
            _ => return self.first(today),
        };
        let next = self.first(today).checked_add_months(Months::new(months));
        next.and_then(|next| next.pred_opt()).unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for DaySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Last(count) => write!(f, "{count}d"),
            Self::Date(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Self::Month(date) => write!(f, "{}", date.format("%Y-%m")),
            Self::Year(date) => write!(f, "{:04}", date.year()),
        }
    }
}

/// The day so many days before another one.
pub(super) fn before(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_sub_days(Span::new(u64::from(count))).unwrap_or(NaiveDate::MIN)
}

/// A date as ISO 8601 writes it.
pub fn date(text: &str) -> Result<NaiveDate, Unusable> {
    // chrono takes one-digit months and signs too.
    let is_plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Unusable::Date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_by_word_by_number_and_by_span() {
        let today = date("2026-11-20").unwrap();
        for (text, days) in [
            ("today", "2026-11-20"),
            (" Yesterday ", "2026-11-19"),
            ("1d", "2026-11-20"),
            ("7d", "2026-11-14..2026-11-20"),
            ("2w", "2026-11-07..2026-11-20"),
            ("2026-11-05", "2026-11-05"),
            ("2026-2-3", "2026-02-03"),
            ("2026-02", "2026-02-01..2026-02-28"),
            ("2025", "2025-01-01..2025-12-31"),
            ("yesterday..today", "2026-11-19..2026-11-20"),
            ("today..yesterday", "2026-11-19..2026-11-20"),
            ("2026-11-20..2026-11-01", "2026-11-01..2026-11-20"),
            ("2026-10..yesterday", "2026-10-01..2026-11-19"),
            ("7d..", "2026-11-14.."),
            ("30d..7d", "2026-10-22..2026-11-14"),
            ("..yesterday", "..2026-11-19"),
            ("2026-11-01..", "2026-11-01.."),
        ] {
            let spelled: Spelled = text.parse().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(spelled.days(today).to_string(), days, "{text}");
            assert_eq!(spelled.to_string().parse::<Spelled>().unwrap(), spelled, "{text}");
        }
        for text in ["", "..", "tomorrow", "0d", "d", "+7d", "2026-02-30", "2026-11-20-1", "1969", "today..x", "a..b"] {
            assert_eq!(text.parse::<Spelled>(), Err(Unusable::Date), "{text}");
        }
    }

    #[test]
    fn a_plain_word_means_days_only_where_it_is_no_word_of_prompts() {
        for text in ["today", "YESTERDAY", "7d", "30D", "2w", "1w"] {
            assert!(Spelled::of_word(text).is_some(), "{text}");
        }
        for text in ["3d", "2d", "5d", "6d", "2026", "2026-11", "2026-11-20", "todays", "today..", "7days", ""] {
            assert!(Spelled::of_word(text).is_none(), "{text}");
        }
    }
}
