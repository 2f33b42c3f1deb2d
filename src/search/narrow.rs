//! What narrows a list, by name and value: the same words in an address and on a command line.

use chrono::DateTime;

use super::clock::DayClock as _;
use super::days::{Days, Spelled};
use super::filter_error::Unusable;
use super::query::{Search, parse};
use super::when::When;
use super::zone::Zone;
use crate::model::{Filter, PromptId, Timestamp};

/// Which runs are asked for, as it was given so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Narrow {
    /// What the rows must say; without days, times and search, which [`Narrow::filter`] adds.
    pub rows: Filter,
    /// What is searched for.
    pub search: Search,
    pub zone: Zone,
    /// The first and the last of the days to keep to.
    days: Ends,
    from: Option<When>,
    until: Option<When>,
}

/// Days as they were given: at once, or each end by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Ends {
    both: Option<Spelled>,
    first: Option<Spelled>,
    last: Option<Spelled>,
}

impl Narrow {
    /// Every name that [`Narrow::take`] knows.
    pub const NAMES: [&'static str; 9] = ["q", "status", "kind", "instance", "date", "tz", "from", "to", "prompt_id"];

    /// Everything, with days that begin there unless another zone is taken in.
    pub fn in_zone(zone: Zone) -> Self {
        Self { zone, ..Self::default() }
    }

    /// Takes in one value. A name that isn't one of [`Narrow::NAMES`] changes nothing, but for `first` and `last`: the two
    /// fields that a form has for `date`.
    ///
    /// # Errors
    /// The value isn't what this name may have.
    pub fn take(&mut self, name: &str, value: &str) -> Result<(), Unusable> {
        match name {
            "q" => self.search = parse(value)?,
            "status" => words(value, &mut self.rows.statuses).ok_or(Unusable::Status)?,
            "kind" => words(value, &mut self.rows.kinds).ok_or(Unusable::Kind)?,
            "instance" => self.rows.instance = Some(value.parse()?),
            "date" => self.days.both = Some(value.parse()?),
            // Two fields of a form.
            "first" => self.days.first = Some(value.parse()?),
            "last" => self.days.last = Some(value.parse()?),
            "tz" => self.zone = value.parse()?,
            "from" => self.from = Some(time(value)?),
            "to" => self.until = Some(time(value)?),
            "prompt_id" => self.rows.prompt_id = Some(PromptId::from(value)),
            _ => {}
        }
        Ok(())
    }

    /// The days to keep to, today.
    pub fn days(&self) -> Days {
        let today = self.zone.today();
        let [both, first, last] = [self.days.both, self.days.first, self.days.last]
            .map(|spelled| spelled.map(|days| days.days(today)).unwrap_or_default());
        Days { first: first.first.or(both.first), last: last.last.or(both.last) }
    }

    /// The filter of all of it. Days and a span narrow each other.
    pub fn filter(&self) -> Filter {
        let mut filter = self.rows.clone();
        let days = self.days();
        filter.from = self.from.map(|when| when.during(&self.zone).0);
        filter.until = self.until.map(|when| when.during(&self.zone).0);
        if let Some(first) = days.first {
            let (start, _) = self.zone.day(first);
            filter.from = Some(filter.from.map_or(start, |from| from.max(start)));
        }
        if let Some(last) = days.last {
            let (_, end) = self.zone.day(last);
            filter.until = Some(filter.until.map_or(end, |until| until.min(end)));
        }
        filter.want = (!self.search.is_empty()).then(|| self.search.want(&self.zone));
        filter
    }
}

/// Words separated by commas, each once; `None` when one of them isn't known.
fn words<T: std::str::FromStr + PartialEq>(value: &str, into: &mut Vec<T>) -> Option<()> {
    for word in value.split(',') {
        let word = word.trim().parse().ok()?;
        if !into.contains(&word) {
            into.push(word);
        }
    }
    Some(())
}

/// A moment, or days, which stand for their beginning. A part of a millisecond counts up, for a start and for an end: then no
/// moment before it is taken in.
fn time(text: &str) -> Result<When, Unusable> {
    if let Some(days @ When::Days(_)) = When::of_moments(text) {
        return Ok(days);
    }
    // The plus of an offset that was not percent-encoded arrives as a blank.
    let text = match text.rsplit_once(' ') {
        Some((clock, offset)) if offset.len() == 5 => format!("{clock}+{offset}"),
        _ => text.to_owned(),
    };
    let time = DateTime::parse_from_rfc3339(&text).map_err(|_| Unusable::Time)?;
    let has_rest = time.timestamp_subsec_nanos() % 1_000_000 > 0;
    Ok(When::Moment(Timestamp::bound(time.timestamp_millis() + i64::from(has_rest))))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::search::zone::ParseZoneError;

    fn narrow(given: &[(&str, &str)]) -> Result<Narrow, Unusable> {
        let mut narrow = Narrow { zone: "UTC".parse().unwrap(), ..Narrow::default() };
        given.iter().try_for_each(|(name, value)| narrow.take(name, value)).map(|()| narrow)
    }

    #[test]
    fn every_name_narrows() {
        let values = ["fox", "failed,lost", "video", "gpu", "2026-11-20", "+08:00", "2026-11-20T09:00:00Z"];
        let values = values.into_iter().chain(["2026-11-20T10:00:00Z", "a/b"]);
        for (name, value) in Narrow::NAMES.into_iter().zip(values) {
            assert_ne!(narrow(&[(name, value)]).unwrap(), narrow(&[]).unwrap(), "{name}={value}");
        }
        assert_eq!(narrow(&[("limit", "7")]), narrow(&[]), "what isn't ours changes nothing");
    }

    #[test]
    fn a_day_and_a_span_narrow_each_other_and_a_search_keeps_to_its_zone() {
        let given = [("date", "2026-10-25"), ("tz", "Europe/Berlin"), ("from", "2026-10-25T10:00:00Z")];
        let filter = narrow(&given).unwrap().filter();
        assert_eq!(filter.from.unwrap().to_string(), "2026-10-25T10:00:00.000Z");
        assert_eq!(filter.until.unwrap().to_string(), "2026-10-25T23:00:00.000Z");
        let want = |zone| narrow(&[("q", "date:2026-10-25"), ("tz", zone)]).unwrap().filter().want;
        assert_ne!(want("Europe/Berlin"), want("Asia/Tokyo"));
        assert_eq!(narrow(&[("q", " ")]).unwrap().filter(), Filter::default());
    }

    #[test]
    fn days_by_word_are_those_of_the_zone_wherever_it_is_said() {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let of = |given: &[(&str, &str)]| narrow(given).unwrap().filter();
            let place: Zone = zone.parse().unwrap();
            let is_one = |look: &dyn Fn(NaiveDate) -> bool| {
                // The day may end between two looks.
                let before = place.today();
                look(before) || look(place.today())
            };
            assert!(is_one(&|today| {
                let (from, until) = place.day(today);
                let [first, second] = [[("date", "today"), ("tz", zone)], [("tz", zone), ("date", "today")]];
                let is = |given: &[(&str, &str)]| (of(given).from, of(given).until) == (Some(from), Some(until));
                is(&first) && is(&second)
            }));
            assert!(is_one(&|today| {
                let span = of(&[("from", "yesterday"), ("to", "today"), ("tz", zone)]);
                let (yesterday, _) = place.day(today.pred_opt().unwrap());
                (span.from, span.until) == (Some(yesterday), Some(place.day(today).0))
            }));
        }
        let month = narrow(&[("from", "2026-10"), ("to", "2026-11-05")]).unwrap().filter();
        assert_eq!(month.from.unwrap().to_string(), "2026-10-01T00:00:00.000Z");
        assert_eq!(month.until.unwrap().to_string(), "2026-11-05T00:00:00.000Z");
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for (name, value, problem) in [
            ("status", "done", Unusable::Status),
            ("status", "", Unusable::Status),
            ("kind", "image,", Unusable::Kind),
            ("date", "2026-02-30", Unusable::Date),
            ("date", "tomorrow", Unusable::Date),
            ("from", "tomorrow", Unusable::Time),
            ("from", "..today", Unusable::Time),
            ("to", "7d..", Unusable::Time),
            ("tz", "Mars", Unusable::Zone(ParseZoneError)),
        ] {
            assert_eq!(narrow(&[(name, value)]), Err(problem), "{name}={value}");
        }
        assert!(matches!(narrow(&[("q", "modle:flux")]), Err(Unusable::Search(_))));
    }
}
