//! Places of the IANA time zone database, which is part of the program: a machine may have none, or an old one.

use std::fmt;

use chrono::{Datelike as _, FixedOffset, NaiveDateTime, Timelike as _};
use tz::datetime::FoundDateTimeKind;
use tz::{DateTime, TimeZoneRef};

use crate::model::Timestamp;

/// A place whose clocks all show the same: `Europe/Berlin`.
#[derive(Clone, Copy)]
pub struct ZonePlace {
    name: &'static str,
    rules: &'static TimeZoneRef<'static>,
}

impl ZonePlace {
    /// The place with that name, written just so; `None` when there is none.
    pub(super) fn named(text: &str) -> Option<Self> {
        let name = tzdb_data::TZ_NAMES.iter().find(|name| **name == text)?;
        Some(Self { name, rules: tzdb_data::find_tz(name.as_bytes())? })
    }

    /// Its name in the database: `America/New_York`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How far its clocks are from UTC at a moment; not at all beyond the years that can be reckoned with.
    pub(super) fn offset(self, moment: Timestamp) -> FixedOffset {
        let seconds = moment.as_millis().div_euclid(1_000);
        let east = self.rules.find_local_time_type(seconds).map_or(0, |kind| kind.ut_offset());
        FixedOffset::east_opt(east).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
    }

    /// The first moment at which its clocks show this, to the second; `None` when they jump over it.
    pub(super) fn moment(self, clock: NaiveDateTime) -> Option<Timestamp> {
        let [month, day, hour, minute, second] =
            [clock.month(), clock.day(), clock.hour(), clock.minute(), clock.second()].map(|part| part.try_into().ok());
        let found =
            DateTime::find(clock.year(), month?, day?, hour?, minute?, second?, 0, *self.rules).ok()?.into_inner();
        let moments = found.into_iter().filter_map(|kind| match kind {
            FoundDateTimeKind::Normal(moment) => moment.unix_time().checked_mul(1_000),
            FoundDateTimeKind::Skipped { .. } => None,
        });
        moments.min().map(Timestamp::from_millis)
    }
}

impl PartialEq for ZonePlace {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ZonePlace {}

impl fmt::Debug for ZonePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_database_is_a_place() {
        for name in tzdb_data::TZ_NAMES {
            assert_eq!(ZonePlace::named(name).unwrap().name(), *name);
        }
        assert!(tzdb_data::TZ_NAMES.len() > 400);
        assert_eq!(ZonePlace::named("europe/berlin"), None);
    }

    #[test]
    fn clocks_are_as_far_from_utc_as_they_are_at_that_moment() {
        for (place, moment, seconds) in [
            ("Asia/Kathmandu", 1_795_168_752_094, 5 * 3600 + 45 * 60),
            ("Europe/Berlin", 1_795_168_752_094, 3600),
            ("Europe/Berlin", 1_784_000_000_000, 7200),
            // Long after the last change that the database lists, by the rule that goes on for ever.
            ("Europe/Berlin", 4_087_497_600_000, 7200),
            ("Europe/Berlin", i64::MAX, 3600),
        ] {
            let offset = ZonePlace::named(place).unwrap().offset(Timestamp::from_millis(moment));
            assert_eq!(offset.local_minus_utc(), seconds, "{place} at {moment}");
        }
    }

    #[test]
    fn a_clock_that_shows_a_time_twice_means_the_first_and_one_that_jumps_over_it_none() {
        let berlin = ZonePlace::named("Europe/Berlin").unwrap();
        let moment = |clock: &str| berlin.moment(clock.parse().unwrap()).map(|moment| moment.to_string());
        assert_eq!(moment("2026-10-25T02:30:00").as_deref(), Some("2026-10-25T00:30:00.000Z"));
        assert_eq!(moment("2026-03-29T02:30:00"), None);
        assert_eq!(moment("2090-07-01T12:00:00").as_deref(), Some("2090-07-01T10:00:00.000Z"));
    }
}
