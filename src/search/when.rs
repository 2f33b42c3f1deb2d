//! Days and moments of the grammar.

use std::fmt;

use chrono::{DateTime, Datelike};

use super::clock::DayClock;
use super::days::{Days, Spelled, before};
use crate::model::Timestamp;

/// Which days, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Days(Spelled),
    /// Only with `before` and `after`.
    Moment(Timestamp),
}

impl When {
    pub fn of_days(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::Days)
    }

    /// Days with both ends, or a moment in RFC 3339.
    pub fn of_moments(text: &str) -> Option<Self> {
        let days = text.parse().ok().filter(|days: &Spelled| days.is_closed()).map(Self::Days);
        days.or_else(|| {
            let moment = DateTime::parse_from_rfc3339(text.trim()).ok()?;
            (1970..=9999)
                .contains(&moment.naive_utc().year())
                .then(|| Self::Moment(Timestamp::from_millis(moment.timestamp_millis())))
        })
    }

    /// When it begins, and when it is over.
    pub fn during(self, clock: &dyn DayClock) -> (Timestamp, Timestamp) {
        match self {
            Self::Moment(moment) => (moment, Timestamp::bound(moment.as_millis().saturating_add(1))),
            Self::Days(days) => {
                let Days { first, last } = days.days(clock.today());
                let from = first.map_or(Timestamp::from_millis(0), |first| clock.day(first).0);
                (from, last.map_or(Timestamp::bound(i64::MAX), |last| clock.day(last).1))
            }
        }
    }

    /// The same, where only one day is meant: `7d` is the day 7 days ago.
    pub fn around(self, clock: &dyn DayClock) -> (Timestamp, Timestamp) {
        match self {
            Self::Days(days) => match days.last_days() {
                Some(count) => clock.day(before(clock.today(), count)),
                None => self.during(clock),
            },
            Self::Moment(_) => self.during(clock),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => days.fmt(f),
            Self::Moment(moment) => moment.fmt(f),
        }
    }
}
