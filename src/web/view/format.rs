//! Numbers as people read them, in their language: moments and durations.

use chrono::{Datelike as _, NaiveDate};

use super::words::Catalogue;
use crate::model::Timestamp;
use crate::search::Zone;

/// A moment, for `<time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339 in UTC, for machines.
    pub utc: String,
    /// The date there: `20 Nov 2026`.
    pub date: String,
    /// The clock there: `17:59:12`.
    pub clock: String,
    /// Both: `20 Nov 2026, 17:59:12`.
    pub shown: String,
    /// Both, and the distance from UTC: for a tooltip.
    pub exact: String,
}

impl Moment {
    /// As the end of what began then: of one day the clock alone.
    pub fn behind(&self, start: &Self) -> &str {
        if self.date == start.date { &self.clock } else { &self.shown }
    }
}

/// A moment as clocks in that zone show it.
pub fn moment(moment: Timestamp, zone: Zone, t: &Catalogue) -> Moment {
    let local = zone.local(moment);
    let (date, clock) = (date(local.date_naive(), t), local.format("%H:%M:%S").to_string());
    Moment {
        utc: moment.to_string(),
        shown: t.with_both("date-clock", "date", &date, "clock", &clock),
        date,
        clock,
        exact: local.format("%Y-%m-%d %H:%M:%S%.3f %:z").to_string(),
    }
}

/// A day as a heading: `Friday, 20 November 2026`, and without the year in the year of `today`.
pub fn day(date: NaiveDate, today: NaiveDate, t: &Catalogue) -> String {
    let key = if date.year() == today.year() { "date-day" } else { "date-day-year" };
    date.format(&t.with(key, "weekday", weekday(date, t))).to_string()
}

/// A day as a heading of the history, with how near it is: `Today · Saturday, 21 November`.
pub fn day_heading(date: NaiveDate, today: NaiveDate, t: &Catalogue) -> String {
    let day = day(date, today, t);
    match (today - date).num_days() {
        0 => format!("{} · {day}", t.say("today")),
        1 => format!("{} · {day}", t.say("yesterday")),
        _ => day,
    }
}

/// A day in short: `20 Nov 2026`.
pub fn date(date: NaiveDate, t: &Catalogue) -> String {
    date.format(&t.say("date-short")).to_string()
}

/// A month as a heading: `November 2026`.
pub fn month(first: NaiveDate, t: &Catalogue) -> String {
    first.format(&t.say("date-month")).to_string()
}

/// Which day of the week it is: `Friday`.
pub fn weekday(date: NaiveDate, t: &Catalogue) -> String {
    t.with("weekday", "day", date.weekday())
}

/// The same, as narrow as the column of a calendar: `Fr`.
pub fn weekday_narrow(date: NaiveDate, t: &Catalogue) -> String {
    t.with("weekday-narrow", "day", date.weekday())
}

/// The name of a zone where people see it.
pub fn zone(zone: Zone, now: Timestamp) -> String {
    match zone {
        Zone::Machine | Zone::Offset(_) => format!("UTC{}", zone.local(now).format("%:z")),
        Zone::Place(place) => place.name().replace('_', " "),
    }
}

/// A duration in milliseconds: `24 ms`, `1.9 s`, `1 min 20 s`, `2 h 05 min`.
pub fn duration(millis: i64, t: &Catalogue) -> String {
    let millis = millis.max(0);
    // Rounded to what the unit shows first, so that 59,999 ms is a minute and not `60.0 s`.
    match millis {
        0..1_000 => t.with("duration-millis", "millis", millis),
        1_000..59_950 => {
            let tenths = (millis + 50) / 100;
            t.with("duration-seconds", "seconds", format_args!("{}.{}", tenths / 10, tenths % 10))
        }
        59_950..3_599_500 => {
            let seconds = (millis + 500) / 1_000;
            let rest = format_args!("{:02}", seconds % 60);
            t.with_both("duration-minutes", "minutes", seconds / 60, "seconds", rest)
        }
        _ => {
            let minutes = (millis + 30_000) / 60_000;
            let rest = format_args!("{:02}", minutes % 60);
            t.with_both("duration-hours", "hours", t.number(minutes / 60), "minutes", rest)
        }
    }
}

/// About how long, in milliseconds, in at most two units: `12 s`, `5 min`, `2 h 05 min`, `3 d 4 h`.
pub fn span(millis: i64, t: &Catalogue) -> String {
    let minutes = millis.max(0) / 60_000;
    match minutes {
        0 => t.count("span-seconds", millis.max(0) / 1_000),
        1..60 => t.count("span-minutes", minutes),
        60..2_880 => {
            let rest = format_args!("{:02}", minutes % 60);
            t.with_both("duration-hours", "hours", minutes / 60, "minutes", rest)
        }
        _ => t.with_both("span-days", "days", t.number(minutes / 1_440), "hours", minutes % 1_440 / 60),
    }
}

/// How long something plays.
pub fn length(millis: u64, t: &Catalogue) -> String {
    duration(i64::try_from(millis).unwrap_or(i64::MAX), t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::http::language::Language;

    #[test]
    fn a_moment_is_shown_in_the_zone_and_the_language_of_the_viewer() {
        let shown = |language: Language| {
            moment(Timestamp::from_millis(1_795_168_752_094), "Asia/Shanghai".parse().unwrap(), Catalogue::of(language))
        };
        let english = shown(Language::English);
        assert_eq!(english.utc, "2026-11-20T09:59:12.094Z");
        assert_eq!((&*english.date, &*english.clock), ("20 Nov 2026", "17:59:12"));
        assert_eq!(english.shown, "20 Nov 2026, 17:59:12");
        assert_eq!(english.exact, "2026-11-20 17:59:12.094 +08:00");
        assert_eq!(shown(Language::Chinese).shown, "2026年11月20日 17:59:12");
    }

    #[test]
    fn a_day_says_its_year_when_it_is_another() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let shown = |text: &str, language: Language| day(date(text), date("2026-11-21"), Catalogue::of(language));
        assert_eq!(shown("2026-11-20", Language::English), "Friday, 20 November");
        assert_eq!(shown("2025-11-20", Language::English), "Thursday, 20 November 2025");
        assert_eq!(shown("2026-11-20", Language::Chinese), "11月20日 星期五");
        assert_eq!(shown("2025-11-20", Language::Chinese), "2025年11月20日 星期四");
        assert_eq!(month(date("2026-11-01"), Catalogue::of(Language::English)), "November 2026");
        assert_eq!(month(date("2026-11-01"), Catalogue::of(Language::Chinese)), "2026年11月");
    }

    #[test]
    fn durations_are_rounded_in_the_unit_they_are_shown_in() {
        for (millis, text) in [
            (-5, "0 ms"),
            (24, "24 ms"),
            (999, "999 ms"),
            (1_917, "1.9 s"),
            (59_949, "59.9 s"),
            (59_999, "1 min 00 s"),
            (80_000, "1 min 20 s"),
            (3_599_999, "1 h 00 min"),
            (7_500_000, "2 h 05 min"),
        ] {
            assert_eq!(duration(millis, Catalogue::of(Language::English)), text);
        }
        assert_eq!(duration(80_000, Catalogue::of(Language::Chinese)), "1 分 20 秒");
    }

    #[test]
    fn a_span_has_at_most_two_units() {
        for (millis, english, chinese) in [
            (-5, "0 s", "0 秒"),
            (59_999, "59 s", "59 秒"),
            (60_000, "1 min", "1 分钟"),
            (7_500_000, "2 h 05 min", "2 小时 05 分"),
            (180_000_000, "2 d 2 h", "2 天 2 小时"),
        ] {
            assert_eq!(span(millis, Catalogue::of(Language::English)), english);
            assert_eq!(span(millis, Catalogue::of(Language::Chinese)), chinese);
        }
    }
}
