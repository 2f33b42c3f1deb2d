//! Days and moments of the grammar.

use std::fmt;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate};

use super::Clock;
use crate::model::Timestamp;

/// Which days, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Today,
    Yesterday,
    /// The last days, with today; beside `before` and `after` the day that many days ago.
    Days(u32),
    /// From the first day of the one to the last day of the other.
    Span(Part, Part),
    /// Only with `before` and `after`.
    Moment(Timestamp),
}

/// A day, a month or a year: its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Day(NaiveDate),
    Month(NaiveDate),
    Year(NaiveDate),
}

/// A hundred years: there is nothing before.
const MOST_DAYS: u32 = 36_500;

impl When {
    /// Days.
    pub fn of_days(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        match &text[..] {
            "today" => return Some(Self::Today),
            "yesterday" => return Some(Self::Yesterday),
            _ => {}
        }
        for (unit, days) in [("d", 1), ("w", 7)] {
            if let Some(count) = text.strip_suffix(unit) {
                let count: u32 = count.parse().ok().filter(|_| !count.starts_with('+'))?;
                let days = count.checked_mul(days)?;
                return (1..=MOST_DAYS).contains(&days).then_some(Self::Days(days));
            }
        }
        match text.split_once("..") {
            None => Part::of(&text).map(|part| Self::Span(part, part)),
            Some((from, to)) => {
                let (from, to) = (Part::of(from.trim())?, Part::of(to.trim())?);
                Some(if from.first() <= to.first() { Self::Span(from, to) } else { Self::Span(to, from) })
            }
        }
    }

    /// Days, or a moment in RFC 3339.
    pub fn of_moments(text: &str) -> Option<Self> {
        Self::of_days(text).or_else(|| {
            let moment = DateTime::parse_from_rfc3339(text.trim()).ok()?;
            (1970..=9999)
                .contains(&moment.naive_utc().year())
                .then(|| Self::Moment(Timestamp::from_millis(moment.timestamp_millis())))
        })
    }

    /// When it begins, and when it is over.
    pub fn during(self, clock: &dyn Clock) -> (Timestamp, Timestamp) {
        let (first, last) = self.days(clock.today());
        match self {
            Self::Moment(moment) => (moment, Timestamp::bound(moment.as_millis().saturating_add(1))),
            _ => (clock.day(first).0, clock.day(last).1),
        }
    }

    /// The same, where only one day is meant: `7d` is the day 7 days ago.
    pub fn around(self, clock: &dyn Clock) -> (Timestamp, Timestamp) {
        match self {
            Self::Days(count) => clock.day(before(clock.today(), count)),
            _ => self.during(clock),
        }
    }

    fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Today | Self::Moment(_) => (today, today),
            Self::Yesterday => (before(today, 1), before(today, 1)),
            Self::Days(count) => (before(today, count - 1), today),
            Self::Span(from, to) => (from.first(), to.last()),
        }
    }
}

fn before(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(count))).unwrap_or(NaiveDate::MIN)
}

impl Part {
    /// `2026-11-20`, `2026-11` or `2026`; a month and a day may have one digit.
    fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split('-').map(|digits| {
            let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| is_plain && digits.len() <= 4)
        });
        let year = i32::try_from(numbers.next()??).ok().filter(|year| (1970..=9999).contains(year))?;
        let Some(month) = numbers.next() else { return NaiveDate::from_ymd_opt(year, 1, 1).map(Self::Year) };
        let Some(day) = numbers.next() else { return NaiveDate::from_ymd_opt(year, month?, 1).map(Self::Month) };
        let date = NaiveDate::from_ymd_opt(year, month?, day?)?;
        numbers.next().is_none().then_some(Self::Day(date))
    }

    fn first(self) -> NaiveDate {
        match self {
            Self::Day(date) | Self::Month(date) | Self::Year(date) => date,
        }
    }

    fn last(self) -> NaiveDate {
        let months = match self {
            Self::Day(date) => return date,
            Self::Month(_) => 1,
            Self::Year(_) => 12,
        };
        let next = self.first().checked_add_months(Months::new(months));
        next.and_then(|next| next.pred_opt()).unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Days(count) => write!(f, "{count}d"),
            Self::Span(from, to) if from == to => from.fmt(f),
            Self::Span(from, to) => write!(f, "{from}..{to}"),
            Self::Moment(moment) => moment.fmt(f),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Self::Month(date) => write!(f, "{}", date.format("%Y-%m")),
            Self::Year(date) => write!(f, "{}", date.format("%Y")),
        }
    }
}
