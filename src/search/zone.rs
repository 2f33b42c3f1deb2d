//! Time zones: which day a moment belongs to, and when a day begins and ends there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use super::clock::DayClock;
use super::place::ZonePlace;
use crate::model::Timestamp;

/// What was wrong with a text that should have been a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: use an IANA name such as Europe/Berlin, or an offset such as +08:00")]
pub struct ParseZoneError;

/// Where a day begins at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// What this machine is set to, daylight saving and all.
    #[default]
    Machine,
    /// A place of the IANA database.
    Place(ZonePlace),
    /// Always the same distance from UTC.
    Offset(FixedOffset),
}

impl Zone {
    /// The moment as clocks show it there.
    pub fn local(self, moment: Timestamp) -> DateTime<FixedOffset> {
        let utc = moment.to_utc();
        match self {
            Self::Machine => utc.with_timezone(&Local).fixed_offset(),
            Self::Place(place) => utc.with_timezone(&place.offset(moment)),
            Self::Offset(offset) => utc.with_timezone(&offset),
        }
    }

    /// The first moment of that day and of the day after it. A day that a zone skipped is empty.
    pub fn day(self, date: NaiveDate) -> (Timestamp, Timestamp) {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        (self.day_start(date), self.day_start(next))
    }

    /// Midnight, or where clocks jump over midnight, the moment they jump to.
    fn day_start(self, date: NaiveDate) -> Timestamp {
        // Clocks are put forward by whole quarters of an hour, and by a day at most (Apia, 30 December 2011).
        let quarters = (0..=4 * 25).map(|quarter| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter));
        quarters.into_iter().find_map(|clock| self.moment(clock)).unwrap_or_else(|| {
            let utc = date.and_time(NaiveTime::MIN).and_utc();
            Timestamp::bound(utc.timestamp_millis())
        })
    }

    /// The first moment at which clocks show this; `None` when they jump over it.
    fn moment(self, clock: NaiveDateTime) -> Option<Timestamp> {
        fn first<Z: TimeZone>(zone: &Z, clock: &NaiveDateTime) -> Option<Timestamp> {
            let moment = zone.from_local_datetime(clock).earliest()?;
            Some(Timestamp::bound(moment.timestamp_millis()))
        }
        match self {
            Self::Machine => first(&Local, &clock),
            Self::Place(place) => place.moment(clock),
            Self::Offset(offset) => first(&offset, &clock),
        }
    }
}

impl DayClock for Zone {
    fn today(&self) -> NaiveDate {
        self.local(Timestamp::now()).date_naive()
    }

    fn day(&self, date: NaiveDate) -> (Timestamp, Timestamp) {
        Zone::day(*self, date)
    }
}

impl fmt::Display for Zone {
    /// As it is written in a `tz` parameter; empty for the machine's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => Ok(()),
            Self::Place(place) => f.write_str(place.name()),
            Self::Offset(offset) => offset.fmt(f),
        }
    }
}

impl FromStr for Zone {
    type Err = ParseZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = ZonePlace::named(text).map(Self::Place);
        place.or_else(|| offset(text).map(Self::Offset)).ok_or(ParseZoneError)
    }
}

/// `+08:00`. A blank in place of the plus is a plus that a form decoded.
fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' | b' ' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |digits: &str, below: i32| {
        let plain = digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit());
        digits.parse::<i32>().ok().filter(|number| plain && *number < below)
    };
    FixedOffset::east_opt(sign * (two_digits(hours, 24)? * 3600 + two_digits(minutes, 60)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, date: &str) -> (String, String, i64) {
        let (from, until) = zone.parse::<Zone>().unwrap().day(date.parse().unwrap());
        (from.to_string(), until.to_string(), (until.as_millis() - from.as_millis()) / 3_600_000)
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let utc = |date: &str| format!("{date}:00.000Z");
        for (zone, date, from, until, hours) in [
            ("UTC", "2026-11-20", "2026-11-20T00:00", "2026-11-21T00:00", 24),
            ("+08:00", "2026-11-20", "2026-11-19T16:00", "2026-11-20T16:00", 24),
            ("-09:30", "2026-11-20", "2026-11-20T09:30", "2026-11-21T09:30", 24),
            ("Asia/Shanghai", "2026-11-20", "2026-11-19T16:00", "2026-11-20T16:00", 24),
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00", 23),
            ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00", 25),
            // Midnight doesn't exist in Santiago on this day, and comes twice in Havana on that one.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00", "2026-09-07T03:00", 23),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00", 25),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00", 0),
        ] {
            assert_eq!(day(zone, date), (utc(from), utc(until), hours), "{date} in {zone}");
        }
    }

    #[test]
    fn a_zone_reads_back_what_it_writes() {
        for text in ["Europe/Berlin", "UTC", "+08:00", "-03:30"] {
            assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
        }
        assert_eq!(" 08:00".parse::<Zone>().unwrap().to_string(), "+08:00");
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "+", "8", "+8:00", "+24:00", "+08:60", "+0800", "Mars/Olympus", "+é:00", "é", "++1:00"] {
            assert_eq!(text.parse::<Zone>(), Err(ParseZoneError), "{text}");
        }
    }
}
