//! Points in time: whole milliseconds since 1970 in UTC, as ComfyUI counts them and SQLite keeps them.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// Milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The years 1970 to 9999: what RFC 3339 can write and a sane clock can say.
    const MAX_MILLIS: i64 = 253_402_300_799_999;

    /// A day less: what happened then has a day in every zone, and that day an end.
    const LAST_MILLIS: i64 = Self::MAX_MILLIS - 86_400_000;

    /// The clock of this machine.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// From milliseconds; what lies outside the years 1970 to 9999 is moved to the nearer end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, Self::MAX_MILLIS))
    }

    /// When somebody says that something happened. Sane clocks say less; what lies behind the last moment that has a day in
    /// every zone is moved there.
    pub fn happened(millis: i64) -> Self {
        Self(millis.clamp(0, Self::LAST_MILLIS))
    }

    /// Where a stretch of time begins, or ends without being a part of it: there is one behind every moment.
    pub fn bound(millis: i64) -> Self {
        Self(millis.clamp(0, Self::MAX_MILLIS + 1))
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// The same moment for chrono.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// As a filesystem says when a file was written.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        // Not by chrono, which panics at what a broken filesystem says.
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_795_168_752_094).to_string(), "2026-11-20T09:59:12.094Z");
    }

    #[test]
    fn absurd_times_are_moved_into_range() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(-5).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::happened(i64::MAX).to_string(), "9999-12-30T23:59:59.999Z");
        assert_eq!(Timestamp::happened(i64::MIN), Timestamp::from_millis(0));
    }

    #[test]
    fn every_moment_lies_before_a_bound() {
        assert!(Timestamp::bound(i64::MAX) > Timestamp::from_millis(i64::MAX));
        assert_eq!(Timestamp::bound(7), Timestamp::from_millis(7));
    }
}
