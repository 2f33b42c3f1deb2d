//! The query string of the list, for its page and its JSON: text in, filter out, and a clear word about what is wrong.

mod error;

use chrono::NaiveDate;
use url::form_urlencoded;

pub use error::{BadValue, Error};

use crate::model::{BasePath, Filter, GenerationId, Limit, Start, Want};
use crate::search::{self, Days, Narrow, Search, Unusable, Zone, date};

/// Every parameter there is.
const NAMES: [&str; 12] =
    ["q", "status", "kind", "instance", "date", "tz", "from", "to", "prompt_id", "limit", "next", "prev"];

/// Those that only pages know: fields of their forms, and how they are shown.
const FORM_NAMES: [&str; 5] = ["first", "last", "month", "previews", "facets"];

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
    /// What is searched for; empty where nothing is.
    pub search: Search,
    /// Why nothing can be found by what a form was given to search for.
    pub mistake: Option<search::Error>,
    /// The days that the filter keeps to, where some were given.
    pub days: Days,
    /// Where days begin and clocks are shown.
    pub zone: Zone,
    /// Where the page starts.
    pub start: Start,
    /// How long it is.
    pub limit: Limit,
    /// The first day of the month whose calendar is open.
    pub month: Option<NaiveDate>,
    /// Whether previews count beside files that were saved.
    pub shows_previews: bool,
    /// What stands before the path of every address.
    base: BasePath,
    /// What was given: for links to other pages of the same list.
    given: Vec<(&'static str, String)>,
}

impl ListQuery {
    /// Reads what stands behind the `?`.
    pub fn parse(query: &str, author: Author, server_zone: Zone) -> Result<Self, Error> {
        let mut read = Self {
            filter: Filter::default(),
            search: Search::default(),
            mistake: None,
            days: Days::default(),
            zone: server_zone,
            start: Start::Newest,
            limit: if author == Author::Form { Limit::OF_PAGES } else { Limit::default() },
            month: None,
            shows_previews: false,
            base: BasePath::default(),
            given: Vec::new(),
        };
        let mut narrow = Narrow { zone: server_zone, ..Narrow::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let form_names = FORM_NAMES.into_iter().filter(|_| author == Author::Form);
            let known = NAMES.into_iter().chain(form_names).find(|known| *known == name);
            match known {
                None if author == Author::Script => {
                    return Err(Error::Unknown { name: name.into_owned(), known: NAMES.to_vec() });
                }
                Some(known) if author == Author::Script || !value.trim().is_empty() => {
                    // Ticked boxes of a form come one by one.
                    if !matches!(known, "status" | "kind") && read.given(known).is_some() {
                        return Err(Error::Twice(known));
                    }
                    let value = value.into_owned();
                    match read.take(&mut narrow, known, &value) {
                        Ok(()) => {}
                        // People mend what they typed on the page that they typed it on.
                        Err(BadValue::Narrow(Unusable::Search(mistake))) if author == Author::Form => {
                            read.mistake = Some(mistake)
                        }
                        Err(source) => return Err(Error::Value { name: known, value, source }),
                    }
                    read.given.push((known, value));
                }
                None | Some(_) => {}
            }
        }
        if read.given("next").is_some() && read.given("prev").is_some() {
            return Err(Error::BothWays);
        }
        read.filter = narrow.filter();
        if read.mistake.is_some() {
            read.filter.want = Some(Want::Any(Vec::new()));
        }
        Narrow { search: read.search, days: read.days, zone: read.zone, .. } = narrow;
        Ok(read)
    }

    /// Reads what a script asks where some of the parameters mean nothing.
    pub fn parse_without(names: &[&str], query: &str, server_zone: Zone) -> Result<Self, Error> {
        let left = |known: Vec<&'static str>| known.into_iter().filter(|known| !names.contains(known)).collect();
        let read = Self::parse(query, Author::Script, server_zone).map_err(|error| match error {
            Error::Unknown { name, known } => Error::Unknown { name, known: left(known) },
            other => other,
        })?;
        match read.given.iter().find(|(given, _)| names.contains(given)) {
            None => Ok(read),
            Some((name, _)) => Err(Error::Unknown { name: (*name).to_owned(), known: left(NAMES.to_vec()) }),
        }
    }

    /// With addresses below that path.
    pub fn below(self, base: &BasePath) -> Self {
        Self { base: base.clone(), ..self }
    }

    /// What stands before the path of every address.
    pub fn base(&self) -> &BasePath {
        &self.base
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
        match start {
            Start::Newest => self.with(&[]),
            Start::Older(cursor) => self.with(&[("next", &cursor.to_string())]),
            Start::Newer(cursor) => self.with(&[("prev", &cursor.to_string())]),
        }
    }

    /// The address of the list where these have other values; empty ones are left out. It starts at its newest.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        address(
            &self.base.join("/"),
            self.kept().into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)),
            changes,
        )
    }

    /// The address of one generation, with what is needed to know its neighbours in this list.
    pub fn generation(&self, id: GenerationId) -> String {
        let kept = self.kept().into_iter().filter(|(name, _)| !matches!(*name, "limit" | "month" | "facets"));
        address(&self.base.join(&format!("/g/{id}")), kept, &[])
    }

    /// The address of the list where this term holds too; `None` where there is no room for it.
    pub fn with_term(&self, term: &str) -> Option<String> {
        self.search.with(term).ok().map(|search| self.with(&[("q", &search.to_string())]))
    }

    /// The address of the list without one term of the search, by its place among the pieces.
    pub fn without_term(&self, place: usize) -> String {
        self.with(&[("q", &self.search.without(place).to_string())])
    }

    /// The address of all that a term finds, in the viewer's own zone.
    pub fn only(&self, term: &str) -> String {
        address(&self.base.join("/"), self.kept().into_iter().filter(|(name, _)| *name == "tz"), &[("q", term)])
    }

    /// What makes this list what it is: everything but the place of the page, each once.
    pub fn kept(&self) -> Vec<(&'static str, String)> {
        let mut kept: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in &self.given {
            match *name {
                "next" | "prev" | "first" | "last" | "date" => {}
                name => match kept.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, values)) => *values = format!("{values},{value}"),
                    None => kept.push((name, value.clone())),
                },
            }
        }
        if self.days != Days::default() {
            kept.push(("date", self.days.to_string()));
        }
        kept
    }

    fn take(&mut self, narrow: &mut Narrow, name: &'static str, value: &str) -> Result<(), BadValue> {
        match name {
            "facets" => {}
            "first" => narrow.days.first = Some(date(value)?),
            "last" => narrow.days.last = Some(date(value)?),
            "month" => self.month = Some(date(&format!("{value}-01")).map_err(|_| BadValue::Month)?),
            "previews" if value == "shown" => self.shows_previews = true,
            "previews" => return Err(BadValue::Previews),
            "limit" => self.limit = value.parse()?,
            "next" => self.start = Start::Older(value.parse()?),
            "prev" => self.start = Start::Newer(value.parse()?),
            // Every other name of the table is one of these; a test walks through them.
            _ => narrow.take(name, value)?,
        }
        Ok(())
    }
}

fn address<'a>(
    path: &str,
    kept: impl Iterator<Item = (&'static str, String)>,
    changes: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept);
    query.extend_pairs(changes.into_iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MediaKind, PromptId, Status, Timestamp};

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
            (
                "date=2026-02-30",
                "date=\"2026-02-30\": not a date: use YYYY-MM-DD, or two with .. between for all days from the first to the last",
            ),
            (
                "date=2026-1-05",
                "date=\"2026-1-05\": not a date: use YYYY-MM-DD, or two with .. between for all days from the first to the last",
            ),
            (
                "date=",
                "date=\"\": not a date: use YYYY-MM-DD, or two with .. between for all days from the first to the last",
            ),
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
                "\"page\" is not a parameter; there are q, status, kind, instance, date, tz, from, to, prompt_id, limit, next, \
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
    fn days_are_one_or_from_the_first_to_the_last() {
        let days = |query: &str| {
            script(&format!("{query}&tz=UTC")).map(|read| {
                let time =
                    |time: Option<Timestamp>| time.map(|time| time.to_string()[..16].to_owned()).unwrap_or_default();
                (time(read.filter.from), time(read.filter.until), read.days.to_string())
            })
        };
        let owned = |from: &str, until: &str, days: &str| Ok((from.to_owned(), until.to_owned(), days.to_owned()));
        let (first, after) = ("2026-11-01T00:00", "2026-11-04T00:00");
        assert_eq!(days("date=2026-11-01..2026-11-03"), owned(first, after, "2026-11-01..2026-11-03"));
        assert_eq!(days("date=2026-11-01.."), owned(first, "", "2026-11-01.."));
        assert_eq!(days("date=..2026-11-03"), owned("", after, "..2026-11-03"));
        assert_eq!(days("date=2026-11-03..2026-11-03"), owned("2026-11-03T00:00", after, "2026-11-03"));
        assert!(days("date=..").is_err() && days("date=2026-11-01..x").is_err() && days("first=2026-11-01").is_err());
        let form = ListQuery::parse(
            "first=2026-11-01&last=2026-11-03&month=2026-11&previews=shown",
            Author::Form,
            Zone::Machine,
        );
        let form = form.unwrap();
        assert_eq!(form.with(&[]), "/?month=2026-11&previews=shown&date=2026-11-01..2026-11-03");
        assert_eq!(form.month, Some("2026-11-01".parse().unwrap()));
    }

    #[test]
    fn links_to_other_pages_keep_the_filter() {
        let read = script("status=failed&tz=%2B08:00&next=a-1").unwrap();
        let cursor = "b-2".parse().unwrap();
        assert_eq!(read.page(Start::Older(cursor)), "/?status=failed&tz=%2B08%3A00&next=b-2");
        assert_eq!(read.page(Start::Newer(cursor)), "/?status=failed&tz=%2B08%3A00&prev=b-2");
        assert_eq!(read.page(Start::Newest), "/?status=failed&tz=%2B08%3A00");
        assert_eq!(script("next=a-1").unwrap().page(Start::Newest), "/");
        assert_eq!(read.generation(GenerationId(7)), "/g/7?status=failed&tz=%2B08%3A00");
        assert_eq!(script("").unwrap().generation(GenerationId(7)), "/g/7");
        let narrow = script("status=failed&status=lost&date=2026-10-01..&kind=video").unwrap();
        assert_eq!(
            narrow.with(&[("kind", ""), ("month", "2026-10")]),
            "/?status=failed%2Clost&date=2026-10-01..&month=2026-10"
        );
        assert_eq!(narrow.generation(GenerationId(7)), "/g/7?status=failed%2Clost&kind=video&date=2026-10-01..");
    }

    fn form(query: &str) -> ListQuery {
        ListQuery::parse(query, Author::Form, "UTC".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_search_stays_in_every_address_of_its_list() {
        let read = form("q=fox+-blurry&status=failed&tz=Asia/Tokyo&limit=7&month=2026-11&facets=open");
        assert!(read.filter.want.is_some() && read.is_narrow());
        assert!(read.with(&[("status", "")]).starts_with("/?q=fox+-blurry&tz=Asia%2FTokyo"));
        assert_eq!(read.generation(GenerationId(3)), "/g/3?q=fox+-blurry&status=failed&tz=Asia%2FTokyo");
        assert_eq!(read.only("seed:1"), "/?tz=Asia%2FTokyo&q=seed%3A1");
        let narrower = read.with_term("model:flux").unwrap();
        assert!(narrower.contains("status=failed") && narrower.ends_with("&q=fox+-blurry+model%3Aflux"), "{narrower}");
        assert!(read.without_term(0).ends_with("&q=-blurry"), "{}", read.without_term(0));
        assert_eq!(form("q=fox").without_term(0), "/");
    }

    #[test]
    fn an_empty_search_wants_everything() {
        for query in ["", "q=", "q=+"] {
            assert_eq!(form(query).filter, Filter::default(), "{query}");
        }
        assert_eq!(script("q=").unwrap().filter, Filter::default());
    }

    #[test]
    fn days_of_a_search_are_those_of_the_viewer() {
        let want = |zone: &str| script(&format!("q=date:2026-10-25&tz={zone}")).unwrap().filter.want;
        assert_ne!(want("Europe/Berlin"), want("Asia/Tokyo"));
        assert_eq!(script("tz=Asia/Tokyo&q=date:2026-10-25").unwrap().filter.want, want("Asia/Tokyo"));
    }

    #[test]
    fn a_search_that_is_none_is_an_error_for_scripts_and_finds_nothing_for_people() {
        let problem = problem("q=modle:flux");
        assert!(problem.starts_with("q=\"modle:flux\": ") && problem.contains("model:"), "{problem}");
        let read = form("q=modle:flux&status=failed");
        assert!(read.mistake.is_some());
        assert_eq!(read.filter.want, Some(Want::Any(Vec::new())));
        assert_eq!(read.given("q"), Some("modle:flux"));
    }
}
