//! `/`: the history, newest first, under day headings.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::calendar::Calendar;
use super::card::{Card, Cards, Face};
use super::facets::Facets;
use super::filters::{Filters, Servers};
use super::search_box::{Find, MOST_CHARS};
use crate::model::{ConnectionState, Health, MediaKind, Page, Start, Status, Summary, Timestamp};
use crate::thumbs::Thumbs;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::site::state::Vitals;
use crate::web::view::format;
use crate::web::view::frame::{Banner, Frame};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    viewer: Viewer,
    t: &'static Catalogue,
    frame: Frame,
    filters: Filters,
    find: Find,
    /// The way to values to narrow the list by.
    refine: Refine,
    /// Those values, where they are asked for as a part of the page.
    facets: Option<Facets>,
    calendar: Option<Calendar>,
    days: Vec<DayOfRuns>,
    empty: Option<Empty>,
    /// Nothing was ever recorded: there is nothing to filter.
    is_untouched: bool,
    /// The list from its newest, when this page begins elsewhere.
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
}

/// The column of values beside the list.
struct Refine {
    /// Opens it where no script does, or closes it.
    url: String,
    /// Whether the viewer has it open, where there is room for it.
    is_open: bool,
}

/// The runs of one day.
pub(super) struct DayOfRuns {
    pub(super) heading: String,
    /// `YYYY-MM-DD`.
    pub(super) date: String,
    pub(super) cards: Vec<Card>,
}

/// Why there is nothing to see.
enum Empty {
    /// Nothing was ever recorded; what is listened to.
    Yet(Vec<Health>),
    /// Nothing fits the filter.
    Match,
    /// What is searched for can't be understood, which stands beneath the box.
    Mistake,
    /// The last page was full to the brim.
    Older,
}

/// Answers with one page of the history.
pub async fn page(
    State(vitals): State<Vitals>,
    State(thumbs): State<Thumbs>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of_page(query, viewer.zone, &viewer.base)?;
    let (t, history) = (viewer.words, &vitals.history);
    let Page { items, next, prev } = history.list(query.filter.clone(), query.start, query.limit).await?;
    let empty = items.is_empty().then(|| match () {
        () if query.start != Start::Newest => Empty::Older,
        () if query.mistake.is_some() => Empty::Mistake,
        () if query.is_narrow() => Empty::Match,
        () => Empty::Yet(vitals.live.health()),
    });
    let cards = Cards::of(history, &thumbs, &query, t, &items).await?;
    let has_facets = query.given("facets").is_some();
    crate::web::view::respond::respond(&HistoryPage {
        frame: Frame::of_list(&vitals, query.zone, !query.search.is_empty(), t).await?,
        filters: Filters::of(history, &query, t).await?,
        find: Find::new(&query, t),
        refine: Refine {
            url: query.with(&[("facets", if has_facets { "" } else { "open" })]),
            is_open: has_facets || viewer.has_facets,
        },
        facets: if has_facets { Some(Facets::of(history, &query, t).await?) } else { None },
        calendar: Calendar::of(history, &query, t).await?,
        newest: (query.start != Start::Newest).then(|| query.page(Start::Newest)),
        newer: prev.map(|cursor| query.page(Start::Newer(cursor))),
        older: next.map(|cursor| query.page(Start::Older(cursor))),
        days: days(items, &query, &cards, t),
        is_untouched: matches!(empty, Some(Empty::Yet(_))),
        empty,
        t,
        viewer,
    })
}

/// Puts runs under the days on which they were queued. They come sorted.
pub(super) fn days(runs: Vec<Summary>, query: &ListQuery, cards: &Cards<'_>, t: &Catalogue) -> Vec<DayOfRuns> {
    let today = query.zone.local(Timestamp::now()).date_naive();
    let mut days: Vec<DayOfRuns> = Vec::new();
    for run in runs {
        let date = query.zone.local(run.created_at).date_naive();
        let card = cards.card(run);
        match days.last_mut().filter(|day| day.date == card.day) {
            Some(day) => day.cards.push(card),
            None => {
                let heading = format::day_heading(date, today, t);
                days.push(DayOfRuns { heading, date: card.day.clone(), cards: vec![card] });
            }
        }
    }
    days
}
