//! The query string of the list, for its page and its JSON: text in, filter out, and a clear word about what is wrong.

pub mod error;

use chrono::NaiveDate;
use url::form_urlencoded;

use error::{BadValue, Error};

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
        let mut narrow = Narrow::in_zone(server_zone);
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
        read.days = narrow.days();
        Narrow { search: read.search, zone: read.zone, .. } = narrow;
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

    /// What a page is asked for, in the query string of its address.
    pub fn of_page(query: Option<String>, zone: Zone, base: &BasePath) -> Result<Self, Error> {
        let read = Self::parse(&query.unwrap_or_default(), Author::Form, zone)?;
        Ok(Self { base: base.clone(), ..read })
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
            "first" | "last" => narrow.take(name, value)?,
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
mod tests;
