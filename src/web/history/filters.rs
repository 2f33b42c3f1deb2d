//! The filters of the history: the form that sets them, and the chips that show and remove them.

use chrono::{Days as Span, NaiveDate};

use super::facets::shown;
use crate::model::{Filter, InstanceName, Limit, MediaKind, Start, Status, Timestamp};
use crate::search::Days;
use crate::search::Piece;
use crate::store::History;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::query::error::FACETS;
use crate::web::view::format;
use crate::web::view::words::Catalogue;

/// The runs that didn't give what was asked for.
const UNFINISHED: &str = "failed,cancelled,lost";

/// As many servers as one looks through.
const MOST_LISTED: u32 = 100;

/// The form and the chips.
#[derive(Debug)]
pub struct Filters {
    /// What the calendar's button says.
    pub days: String,
    pub calendar_url: String,
    /// Statuses to choose from, the chosen one marked.
    pub statuses: Vec<Choice>,
    /// Kinds of output to choose from.
    pub kinds: Vec<Choice>,
    /// Servers to choose from.
    pub instances: Servers,
    /// Whether previews count beside saved files.
    pub shows_previews: bool,
    /// What the form keeps without showing it.
    pub kept: Vec<(&'static str, String)>,
    /// What narrows the list.
    pub chips: Vec<Chip>,
    /// The search without the other filters.
    pub only_search: String,
    /// How many runs fit.
    pub count: u64,
    /// The nearest days before and after with a run that fits, when one day is shown.
    pub beside: Beside,
}

/// How a server is chosen.
#[derive(Debug)]
pub enum Servers {
    /// There is only one.
    One,
    Listed(Vec<Choice>),
    /// By its name, this one at present: nobody finds it in a list of so many, which every page would carry.
    Named(String),
}

/// An option of the form.
#[derive(Debug)]
pub struct Choice {
    pub value: String,
    pub text: String,
    pub is_chosen: bool,
}

/// A filter that holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    pub name: &'static str,
    pub text: String,
    /// The list without it.
    pub without: String,
    /// Whether it is a term of the search, as it was written.
    pub is_search: bool,
}

/// Days beside the one that is shown.
#[derive(Debug, Default)]
pub struct Beside {
    pub older: Option<DayLink>,
    pub newer: Option<DayLink>,
    /// The whole list, from the end of the day on.
    pub from_here: Option<String>,
}

/// A way to another day.
#[derive(Debug)]
pub struct DayLink {
    pub text: String,
    /// The list of that day.
    pub url: String,
}

impl Filters {
    /// What stands above the list of this query.
    pub async fn of(history: &History, query: &ListQuery, t: &Catalogue) -> Result<Self, Problem> {
        let instances = history.instances_up_to(MOST_LISTED + 1).await?;
        let today = query.zone.local(Timestamp::now()).date_naive();
        Ok(Self {
            days: days_text(query.days, today, t),
            calendar_url: query.with(&[("month", &month_of(query, today))]),
            statuses: statuses(query, t),
            kinds: kinds(query, t),
            instances: Servers::of(&instances, query, t),
            shows_previews: query.shows_previews,
            kept: query.kept().into_iter().filter(|(name, _)| is_hidden(name)).collect(),
            only_search: query.only(query.given("q").unwrap_or_default()),
            chips: chips(query, today, t),
            count: history.count(query.filter.clone()).await?,
            beside: beside(history, query, today, t).await?,
        })
    }
}

impl Filters {
    /// Whether anything else than the search narrows the list.
    pub fn is_more_than_search(&self) -> bool {
        self.chips.iter().any(|chip| !chip.is_search && chip.name != "previews")
    }
}

fn is_hidden(name: &str) -> bool {
    matches!(name, "date" | "tz" | "from" | "to" | "prompt_id" | "limit")
}

fn month_of(query: &ListQuery, today: NaiveDate) -> String {
    let day = query.days.last.or(query.days.first).unwrap_or(today);
    day.format("%Y-%m").to_string()
}

/// Days in few words.
pub fn days_text(days: Days, today: NaiveDate, t: &Catalogue) -> String {
    let day = |day: NaiveDate| match (today - day).num_days() {
        0 => t.say("today").into_owned(),
        1 => t.say("yesterday").into_owned(),
        _ => format::date(day, t),
    };
    match (days.first, days.last) {
        (None, None) => t.say("any-day").into_owned(),
        (Some(first), Some(last)) if first == last => day(first),
        (Some(first), Some(last)) => t.with_both("days-between", "first", day(first), "last", day(last)),
        (Some(first), None) => t.with("days-since", "first", day(first)),
        (None, Some(last)) => t.with("days-until", "last", day(last)),
    }
}

fn statuses(query: &ListQuery, t: &Catalogue) -> Vec<Choice> {
    let chosen = words(&query.filter.statuses, Status::as_str);
    let mut choices = vec![Choice { value: String::new(), text: t.say("any-status").into_owned(), is_chosen: false }];
    let single = Status::ALL.map(|status| (status.as_str().to_owned(), t.status(status).into_owned()));
    let unfinished = (UNFINISHED.to_owned(), t.say("unfinished").into_owned());
    choices.extend(single.into_iter().chain([unfinished]).map(|(value, text)| Choice {
        value,
        text,
        is_chosen: false,
    }));
    choose(choices, chosen, || joined(&query.filter.statuses, |status| t.status(*status).into_owned(), t))
}

fn kinds(query: &ListQuery, t: &Catalogue) -> Vec<Choice> {
    let chosen = words(&query.filter.kinds, MediaKind::as_str);
    let mut choices = vec![Choice { value: String::new(), text: t.say("any-kind").into_owned(), is_chosen: false }];
    let single = MediaKind::ALL.map(|kind| (kind.as_str().to_owned(), t.kind(kind).into_owned()));
    choices.extend(single.into_iter().map(|(value, text)| Choice { value, text, is_chosen: false }));
    choose(choices, chosen, || joined(&query.filter.kinds, |kind| t.kind(*kind).into_owned(), t))
}

/// Marks what holds; what the form doesn't offer, an address may.
fn choose(mut choices: Vec<Choice>, chosen: String, text: impl FnOnce() -> String) -> Vec<Choice> {
    match choices.iter_mut().find(|choice| choice.value == chosen) {
        Some(choice) => choice.is_chosen = true,
        None => choices.push(Choice { value: chosen, text: text(), is_chosen: true }),
    }
    choices
}

impl Servers {
    fn of(instances: &[InstanceName], query: &ListQuery, t: &Catalogue) -> Self {
        match instances.len() {
            0 | 1 => Self::One,
            many if many > MOST_LISTED as usize => {
                Self::Named(query.filter.instance.as_ref().map(ToString::to_string).unwrap_or_default())
            }
            _ => Self::Listed(choices(instances, query, t)),
        }
    }
}

fn choices(instances: &[InstanceName], query: &ListQuery, t: &Catalogue) -> Vec<Choice> {
    let any = Choice {
        value: String::new(),
        text: t.say("any-instance").into_owned(),
        is_chosen: query.filter.instance.is_none(),
    };
    let named = instances.iter().map(|name| Choice {
        value: name.to_string(),
        text: name.to_string(),
        is_chosen: query.filter.instance.as_ref() == Some(name),
    });
    std::iter::once(any).chain(named).collect()
}

fn chips(query: &ListQuery, today: NaiveDate, t: &Catalogue) -> Vec<Chip> {
    let filter = &query.filter;
    let chip = |name, text| Chip { name, text, without: query.with(&[(name, "")]), is_search: false };
    let mut chips: Vec<Chip> =
        (0..).zip(query.search.pieces()).map(|(place, piece)| term(place, piece, query)).collect();
    if query.days != Days::default() {
        chips.push(chip("date", days_text(query.days, today, t)));
    }
    if !filter.statuses.is_empty() {
        chips.push(chip("status", joined(&filter.statuses, |status| t.status(*status).into_owned(), t)));
    }
    if !filter.kinds.is_empty() {
        chips.push(chip("kind", joined(&filter.kinds, |kind| t.kind(*kind).into_owned(), t)));
    }
    if let Some(instance) = &filter.instance {
        chips.push(chip("instance", instance.to_string()));
    }
    if let Some(id) = &filter.prompt_id {
        chips.push(chip("prompt_id", t.with("chip-prompt", "id", id.as_str())));
    }
    for (name, key) in [("from", "chip-from"), ("to", "chip-to")] {
        let time = if name == "from" { filter.from } else { filter.until };
        if let Some(time) = time.filter(|_| query.given(name).is_some()) {
            chips.push(chip(name, t.with(key, "time", format::moment(time, query.zone, t).shown)));
        }
    }
    if query.shows_previews {
        chips.push(chip("previews", t.say("previews").into_owned()));
    }
    chips
}

/// A term of the search. A whole value is shown as in the lists of values.
fn term(place: usize, piece: Piece, query: &ListQuery) -> Chip {
    let value = piece.list.zip(piece.value).and_then(|(list, value)| {
        let field = FACETS.into_iter().find(|field| field.values() == Some(list))?;
        let sign = if piece.is_excluded { "−" } else { "" };
        Some(format!("{sign}{}: {}", field.key(), shown(field, &value)))
    });
    Chip { name: "q", text: value.unwrap_or(piece.text), without: query.without_term(place), is_search: true }
}

async fn beside(history: &History, query: &ListQuery, today: NaiveDate, t: &Catalogue) -> Result<Beside, Problem> {
    let Some(day) = query.days.single() else { return Ok(Beside::default()) };
    let (start, end) = query.zone.day(day);
    let any_day = Filter { from: None, until: None, ..query.filter.clone() };
    let nearest = async |filter: Filter, start: Start| {
        let page = history.list(filter, start, Limit::ONE).await?;
        Ok::<_, Problem>(page.items.into_iter().next())
    };
    let older = nearest(Filter { until: Some(start), ..any_day.clone() }, Start::Newest).await?;
    let first_of_day = crate::model::Cursor { created_at: end, id: crate::model::GenerationId(0) };
    let newer = nearest(Filter { from: Some(end), ..any_day }, Start::Newer(first_of_day)).await?;
    let link = |run: crate::model::Summary| {
        let day = query.zone.local(run.created_at).date_naive();
        let days = Days { first: Some(day), last: Some(day) };
        DayLink { text: days_text(days, today, t), url: query.with(&[("date", &days.to_string())]) }
    };
    let from_here = query.with(&[("date", ""), ("next", &first_of_day.to_string())]);
    Ok(Beside { older: older.map(link), newer: newer.map(link), from_here: Some(from_here) })
}

/// Ways to often wanted days, for the calendar: text and days.
pub fn presets(today: NaiveDate, t: &Catalogue) -> Vec<(String, Days)> {
    let back = |days: u64| today.checked_sub_days(Span::new(days));
    let since = |days: u64| Days { first: back(days), last: Some(today) };
    let single = |day: Option<NaiveDate>| Days { first: day, last: day };
    vec![
        (t.say("today").into_owned(), single(Some(today))),
        (t.say("yesterday").into_owned(), single(back(1))),
        (t.count("last-days", 7), since(6)),
        (t.count("last-days", 30), since(29)),
    ]
}

fn words<T: Copy>(chosen: &[T], word: impl Fn(T) -> &'static str) -> String {
    chosen.iter().map(|value| word(*value)).collect::<Vec<_>>().join(",")
}

fn joined<T>(chosen: &[T], text: impl Fn(&T) -> String, t: &Catalogue) -> String {
    chosen.iter().map(text).collect::<Vec<_>>().join(&t.say("list-separator"))
}
