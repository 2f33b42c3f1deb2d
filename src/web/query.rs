//! The query string of the list, for its page and its JSON: text in, filter out, and a clear word about what is wrong.

use chrono::{DateTime, NaiveDate};
use url::form_urlencoded;

use super::zone::{ParseZoneError, Zone};
use crate::model::{
    Filter, GenerationId, Limit, MediaKind, ParseIdError, ParseQueryError, PromptId, Start, Status, Timestamp,
};

/// Every parameter there is.
const NAMES: [&str; 11] =
    ["status", "kind", "instance", "date", "tz", "from", "to", "prompt_id", "limit", "next", "prev"];

/// A value longer than this is cut where an error repeats it.
const SHOWN_CHARS: usize = 80;

/// A parameter that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No parameter of ours.
    #[error("{:?} is not a parameter; there are {}", shown(.0), NAMES.join(", "))]
    Unknown(String),
    /// Two values where one is needed.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// A page can't begin in two places.
    #[error("next and prev are both given; use one of them")]
    BothWays,
    /// A value that doesn't say what it should.
    #[error("{name}={:?}: {source}", shown(value))]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it was.
        value: String,
        /// What it should be.
        source: BadValue,
    },
}

/// What is wrong with a value, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum BadValue {
    #[error("not a status: use one or more of {}, with commas between", Status::ALL.map(Status::as_str).join(", "))]
    Status,
    #[error("not a kind: use one or more of {}, with commas between", MediaKind::ALL.map(MediaKind::as_str).join(", "))]
    Kind,
    #[error("not a date: use YYYY-MM-DD")]
    Date,
    #[error("not a time: use RFC 3339, for example 2026-11-20T09:59:12Z or 2026-11-20T17:59:12+08:00")]
    Time,
    #[error(transparent)]
    Zone(#[from] ParseZoneError),
    #[error(transparent)]
    Id(#[from] ParseIdError),
    #[error(transparent)]
    Query(#[from] ParseQueryError),
}

/// Who wrote the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A script: what it says wrong is an error, so that a typing mistake doesn't silently list everything.
    Script,
    /// A browser's form, which sends its empty fields too, or a link that somebody added something to.
    Form,
}

/// What the list is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which generations.
    pub filter: Filter,
    /// The day that the filter keeps to, where one was given.
    pub date: Option<NaiveDate>,
    /// Where days begin and clocks are shown.
    pub zone: Zone,
    /// Where the page starts.
    pub start: Start,
    /// How long it is.
    pub limit: Limit,
    /// What was given: for links to other pages of the same list.
    given: Vec<(&'static str, String)>,
}

impl ListQuery {
    /// Reads what stands behind the `?`.
    pub fn parse(query: &str, author: Author, server_zone: Zone) -> Result<Self, Error> {
        let mut read = Self {
            filter: Filter::default(),
            date: None,
            zone: server_zone,
            start: Start::Newest,
            limit: Limit::default(),
            given: Vec::new(),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = NAMES.into_iter().find(|known| *known == name);
            match known {
                None if author == Author::Script => return Err(Error::Unknown(name.into_owned())),
                Some(known) if author == Author::Script || !value.trim().is_empty() => {
                    // Ticked boxes of a form come one by one.
                    if !matches!(known, "status" | "kind") && read.given(known).is_some() {
                        return Err(Error::Twice(known));
                    }
                    let value = value.into_owned();
                    read.take(known, &value).map_err(|source| Error::Value {
                        name: known,
                        value: value.clone(),
                        source,
                    })?;
                    read.given.push((known, value));
                }
                None | Some(_) => {}
            }
        }
        if read.given("next").is_some() && read.given("prev").is_some() {
            return Err(Error::BothWays);
        }
        read.keep_to_day();
        Ok(read)
    }

    /// What was given under that name.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// Whether anything narrows the list.
    pub fn is_narrow(&self) -> bool {
        self.filter != Filter::default()
    }

    /// The address of another page of this list.
    pub fn page(&self, start: Start) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.given.iter().filter(|(name, _)| !matches!(*name, "next" | "prev")));
        match start {
            Start::Newest => {}
            Start::Older(cursor) => drop(query.append_pair("next", &cursor.to_string())),
            Start::Newer(cursor) => drop(query.append_pair("prev", &cursor.to_string())),
        }
        match query.finish() {
            query if query.is_empty() => "/".to_owned(),
            query => format!("/?{query}"),
        }
    }

    /// The address of one generation, in the zone of this list.
    pub fn generation(&self, id: GenerationId) -> String {
        match self.given("tz") {
            None => format!("/g/{id}"),
            Some(_) => {
                let zone = form_urlencoded::byte_serialize(self.zone.to_string().as_bytes()).collect::<String>();
                format!("/g/{id}?tz={zone}")
            }
        }
    }

    fn take(&mut self, name: &'static str, value: &str) -> Result<(), BadValue> {
        match name {
            "status" => {
                for word in value.split(',') {
                    let status = word.trim().parse().map_err(|()| BadValue::Status)?;
                    if !self.filter.statuses.contains(&status) {
                        self.filter.statuses.push(status);
                    }
                }
            }
            "kind" => {
                for word in value.split(',') {
                    let kind = word.trim().parse().map_err(|()| BadValue::Kind)?;
                    if !self.filter.kinds.contains(&kind) {
                        self.filter.kinds.push(kind);
                    }
                }
            }
            "instance" => self.filter.instance = Some(value.parse()?),
            "date" => self.date = Some(date(value)?),
            "tz" => self.zone = value.parse()?,
            "from" => self.filter.from = Some(time(value)?),
            "to" => self.filter.until = Some(time(value)?),
            "prompt_id" => self.filter.prompt_id = Some(PromptId::from(value)),
            "limit" => self.limit = value.parse()?,
            "next" => self.start = Start::Older(value.parse()?),
            "prev" => self.start = Start::Newer(value.parse()?),
            // Every name of the table has its arm; a test walks through them.
            _ => {}
        }
        Ok(())
    }

    /// A day and a span narrow each other.
    fn keep_to_day(&mut self) {
        let Some(date) = self.date else { return };
        let (start, end) = self.zone.day(date);
        self.filter.from = Some(self.filter.from.map_or(start, |from| from.max(start)));
        self.filter.until = Some(self.filter.until.map_or(end, |until| until.min(end)));
    }
}

/// The beginning of a text from outside, for an error that repeats it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn date(text: &str) -> Result<NaiveDate, BadValue> {
    // chrono takes one-digit months and signs too.
    let is_plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(BadValue::Date)
}

/// A part of a millisecond counts up, for a start and for an end: then no moment before it is taken in.
fn time(text: &str) -> Result<Timestamp, BadValue> {
    // The plus of an offset that was not percent-encoded arrives as a blank.
    let text = match text.rsplit_once(' ') {
        Some((clock, offset)) if offset.len() == 5 => format!("{clock}+{offset}"),
        _ => text.to_owned(),
    };
    let time = DateTime::parse_from_rfc3339(&text).map_err(|_| BadValue::Time)?;
    let has_rest = time.timestamp_subsec_nanos() % 1_000_000 > 0;
    Ok(Timestamp::from_millis(time.timestamp_millis() + i64::from(has_rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(query: &str) -> Result<ListQuery, Error> {
        ListQuery::parse(query, Author::Script, "UTC".parse().unwrap())
    }

    fn problem(query: &str) -> String {
        script(query).unwrap_err().to_string()
    }

    #[test]
    fn every_parameter_narrows_the_list() {
        let query = "status=failed,lost&kind=video,%20image,video&instance=gpu-1&prompt_id=a/b&limit=7&next=k9q-z\
                     &from=2026-11-20T08:00:00Z&to=2026-11-20T17:00:00%2B08:00";
        let read = script(query).unwrap();
        assert_eq!(read.filter.statuses, [Status::Failed, Status::Lost]);
        assert_eq!(read.filter.kinds, [MediaKind::Video, MediaKind::Image]);
        assert_eq!(read.filter.instance, Some("gpu-1".parse().unwrap()));
        assert_eq!(read.filter.prompt_id, Some(PromptId::from("a/b")));
        assert_eq!(read.filter.from.unwrap().to_string(), "2026-11-20T08:00:00.000Z");
        assert_eq!(read.filter.until.unwrap().to_string(), "2026-11-20T09:00:00.000Z");
        assert_eq!((read.limit, read.start), ("7".parse().unwrap(), Start::Older("k9q-z".parse().unwrap())));
        assert_eq!(script("prev=k9q-z").unwrap().start, Start::Newer("k9q-z".parse().unwrap()));
        assert_eq!(script("").unwrap().filter, Filter::default());
    }

    #[test]
    fn a_day_and_a_span_narrow_each_other() {
        let read = script("date=2026-10-25&tz=Europe/Berlin&from=2026-10-25T10:00:00Z").unwrap();
        assert_eq!(read.filter.from.unwrap().to_string(), "2026-10-25T10:00:00.000Z");
        assert_eq!(read.filter.until.unwrap().to_string(), "2026-10-25T23:00:00.000Z");
        let other_order = script("from=2026-10-25T10:00:00Z&tz=Europe/Berlin&date=2026-10-25").unwrap();
        assert_eq!(other_order.filter, read.filter);
    }

    #[test]
    fn a_part_of_a_millisecond_counts_up() {
        let read = script("from=2026-11-20T09:59:12.0940001Z&to=2026-11-20T09:59:12.094Z").unwrap();
        assert_eq!(read.filter.from.unwrap().as_millis(), 1_795_168_752_095);
        assert_eq!(read.filter.until.unwrap().as_millis(), 1_795_168_752_094);
        assert!(script("from=2026-11-20T17:59:12+08:00&tz=+08:00").is_ok(), "a plus that became a blank");
    }

    #[test]
    fn a_bad_value_is_named_together_with_what_is_allowed() {
        for (query, message) in [
            ("limit=0", "limit=\"0\": not a limit: use a whole number from 1 to 200"),
            ("date=2026-02-30", "date=\"2026-02-30\": not a date: use YYYY-MM-DD"),
            ("date=2026-1-05", "date=\"2026-1-05\": not a date: use YYYY-MM-DD"),
            ("date=", "date=\"\": not a date: use YYYY-MM-DD"),
            (
                "status=done",
                "status=\"done\": not a status: use one or more of pending, in_progress, completed, failed, \
                 cancelled, lost, with commas between",
            ),
            (
                "kind=picture",
                "kind=\"picture\": not a kind: use one or more of image, video, audio, text, model3d, other, with commas \
                 between",
            ),
            ("next=a-1&prev=a-1", "next and prev are both given; use one of them"),
            (
                "from=yesterday",
                "from=\"yesterday\": not a time: use RFC 3339, for example 2026-11-20T09:59:12Z or \
                 2026-11-20T17:59:12+08:00",
            ),
            (
                "tz=Mars",
                "tz=\"Mars\": not a time zone: use an IANA name such as Europe/Berlin, or an offset such as +08:00",
            ),
            (
                "instance=a+b",
                "instance=\"a b\": not a name for an instance: use 1 to 64 letters, digits, '-', '_' or '.'",
            ),
            (
                "next=2",
                "next=\"2\": not a cursor of this server: use `next` or `prev` of an earlier answer as it came, or leave it \
                 out",
            ),
            ("limit=1&limit=2", "limit is given twice"),
            (
                "page=2",
                "\"page\" is not a parameter; there are status, kind, instance, date, tz, from, to, prompt_id, limit, next, \
                 prev",
            ),
        ] {
            assert_eq!(problem(query), message);
        }
        assert!(problem(&format!("limit={}", "é".repeat(5_000))).len() < 300);
    }

    #[test]
    fn empty_fields_of_a_form_narrow_nothing() {
        let zone = "UTC".parse().unwrap();
        let form = |query| ListQuery::parse(query, Author::Form, zone);
        assert!(!form("status=&date=&instance=&utm_source=x").unwrap().is_narrow());
        assert_eq!(form("status=failed&status=lost").unwrap().filter.statuses, [Status::Failed, Status::Lost]);
        assert!(form("date=tomorrow").is_err());
    }

    #[test]
    fn links_to_other_pages_keep_the_filter() {
        let read = script("status=failed&tz=%2B08:00&next=a-1").unwrap();
        let cursor = "b-2".parse().unwrap();
        assert_eq!(read.page(Start::Older(cursor)), "/?status=failed&tz=%2B08%3A00&next=b-2");
        assert_eq!(read.page(Start::Newer(cursor)), "/?status=failed&tz=%2B08%3A00&prev=b-2");
        assert_eq!(read.page(Start::Newest), "/?status=failed&tz=%2B08%3A00");
        assert_eq!(script("next=a-1").unwrap().page(Start::Newest), "/");
        assert_eq!(read.generation(GenerationId(7)), "/g/7?tz=%2B08%3A00");
        assert_eq!(script("").unwrap().generation(GenerationId(7)), "/g/7");
    }
}
