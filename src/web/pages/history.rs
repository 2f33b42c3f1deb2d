//! `/`: the history, newest first, under day headings.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::frame::{Banner, Frame};
use crate::model::{ConnectionState, Cover, Health, InstanceName, MediaKind, Page, Start, Status, Summary, Timestamp};
use crate::web::error::Error;
use crate::web::format::{self, Moment};
use crate::web::query::{Author, ListQuery};
use crate::web::site::App;
use crate::web::viewer::Viewer;
use crate::web::words::Words;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    viewer: Viewer,
    t: &'static Words,
    frame: Frame,
    filters: Filters,
    days: Vec<Day>,
    empty: Option<Empty>,
    /// Nothing was ever recorded: there is nothing to filter.
    is_untouched: bool,
    /// Where newer ones are, when this isn't the first page.
    newest: Option<String>,
    older: Option<String>,
}

/// The form, as it was sent.
struct Filters {
    date: String,
    statuses: Vec<Choice<Status>>,
    /// Empty when there is only one.
    instances: Vec<Choice<InstanceName>>,
    /// What the form keeps without showing it.
    kept: Vec<(&'static str, String)>,
    prompt_id: Option<String>,
    is_narrow: bool,
}

struct Choice<T> {
    value: T,
    is_chosen: bool,
}

/// The runs of one day.
struct Day {
    heading: String,
    /// `YYYY-MM-DD`.
    date: String,
    cards: Vec<Card>,
}

/// One run.
struct Card {
    run: Summary,
    /// Its page, in the viewer's zone.
    url: String,
    created: Moment,
    duration: Option<String>,
    why: Option<Cow<'static, str>>,
    instance: Option<InstanceName>,
}

/// Why there is nothing to see.
enum Empty {
    /// Nothing was ever recorded; what is listened to.
    Yet(Vec<Health>),
    /// Nothing fits the filter.
    Match,
    /// The last page was full to the brim.
    Older,
}

/// Answers with one page of the history.
pub async fn page(State(app): State<App>, viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Form, viewer.zone)?;
    let instances = app.store.instances().await?;
    let Page { items, next, .. } = app.store.list(query.filter.clone(), query.start, query.limit).await?;
    let empty = items.is_empty().then(|| match () {
        () if query.start != Start::Newest => Empty::Older,
        () if query.is_narrow() => Empty::Match,
        () => Empty::Yet(app.live.health()),
    });
    let has_several = instances.len() > 1;
    super::respond(&HistoryPage {
        frame: Frame::new(&app, query.zone, viewer.words).await?,
        newest: (query.start != Start::Newest).then(|| query.page(Start::Newest)),
        older: next.map(|cursor| query.page(Start::Older(cursor))),
        days: days(items, &query, has_several, viewer.words),
        filters: filters(&query, instances),
        is_untouched: matches!(empty, Some(Empty::Yet(_))),
        empty,
        t: viewer.words,
        viewer,
    })
}

fn filters(query: &ListQuery, instances: Vec<InstanceName>) -> Filters {
    let chosen = &query.filter;
    let statuses = Status::ALL.map(|value| Choice { value, is_chosen: chosen.statuses.contains(&value) });
    let shown = if instances.len() > 1 || chosen.instance.is_some() { instances } else { Vec::new() };
    let instances =
        shown.into_iter().map(|value| Choice { is_chosen: chosen.instance.as_ref() == Some(&value), value });
    let kept = ["kind", "tz", "from", "to", "prompt_id", "limit"];
    Filters {
        date: query.date.map(|date| date.to_string()).unwrap_or_default(),
        statuses: statuses.into(),
        instances: instances.collect(),
        kept: kept.into_iter().filter_map(|name| Some((name, query.given(name)?.to_owned()))).collect(),
        prompt_id: chosen.prompt_id.as_ref().map(|id| id.as_str().to_owned()),
        is_narrow: query.is_narrow(),
    }
}

/// Puts runs under the days on which they were queued. They come sorted.
fn days(runs: Vec<Summary>, query: &ListQuery, has_several: bool, t: &'static Words) -> Vec<Day> {
    let zone = query.zone;
    let today = zone.local(Timestamp::now()).date_naive();
    let mut days: Vec<Day> = Vec::new();
    for run in runs {
        let date = zone.local(run.created_at).date_naive();
        let iso = date.to_string();
        if days.last().is_none_or(|day| day.date != iso) {
            days.push(Day { heading: format::day(date, today, t), date: iso, cards: Vec::new() });
        }
        let card = Card {
            created: format::moment(run.created_at, zone, t),
            duration: run.duration_ms.map(|millis| format::duration(millis, t)),
            url: query.generation(run.id),
            why: t.why(run.status, run.status_reason),
            instance: has_several.then(|| run.instance.clone()),
            run,
        };
        if let Some(day) = days.last_mut() {
            day.cards.push(card);
        }
    }
    days
}

impl Card {
    /// The first words of an error; a card has no room for more.
    fn error(&self) -> Option<String> {
        let message = self.run.error.as_ref()?.message.as_deref()?;
        Some(message.trim().chars().take(160).collect())
    }

    /// Outputs beside the one that is seen.
    fn more(&self) -> i64 {
        let seen = i64::from(self.picture().is_some() || self.kind().is_some());
        (self.run.outputs_count - seen).max(0)
    }

    /// What stands for outputs that are no picture. A run that didn't come to its end says why instead.
    fn kind(&self) -> Option<MediaKind> {
        let has_output = self.run.status == Status::Completed && self.run.outputs_count > 0;
        let is_here = self.run.files_state.is_none();
        (has_output && is_here).then(|| self.run.cover.as_ref().map_or(MediaKind::Text, |cover| cover.kind))
    }

    fn picture(&self) -> Option<&Cover> {
        self.run.cover.as_ref().filter(|cover| matches!(cover.kind, MediaKind::Image | MediaKind::Video))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttachmentState, GenerationId, PromptId};
    use crate::web::words::Language;

    fn run(created_at: &str) -> Summary {
        let created_at = chrono::DateTime::parse_from_rfc3339(created_at).unwrap();
        Summary {
            id: GenerationId(1),
            instance: InstanceName::default(),
            prompt_id: PromptId::from("p"),
            status: Status::Completed,
            status_reason: None,
            created_at: Timestamp::from_millis(created_at.timestamp_millis()),
            started_at: None,
            finished_at: None,
            duration_ms: None,
            workflow_id: None,
            workflow_name: None,
            client_id: None,
            model: None,
            outputs_count: 0,
            previews_count: 0,
            kinds: Vec::new(),
            cover: None,
            excerpt: None,
            files_state: None,
            error: None,
        }
    }

    #[test]
    fn a_run_that_failed_says_why_and_not_what_it_left() {
        let cover = Cover { sha256: crate::model::Digest([0; 32]), url: String::new(), kind: MediaKind::Text };
        let left_a_text = Summary { outputs_count: 1, cover: Some(cover), ..run("2026-11-20T17:00:00Z") };
        let card = |run: Summary| {
            let query = ListQuery::parse("", Author::Form, "UTC".parse().unwrap()).unwrap();
            days(vec![run], &query, false, Language::English.words()).remove(0).cards.remove(0)
        };
        let completed = card(left_a_text.clone());
        assert_eq!((completed.kind(), completed.more()), (Some(MediaKind::Text), 0));
        let gone = card(Summary { cover: None, files_state: Some(AttachmentState::Missing), ..left_a_text.clone() });
        assert_eq!((gone.kind(), gone.more()), (None, 1), "a file that is gone is no text");
        let failed = card(Summary { status: Status::Failed, ..left_a_text });
        assert_eq!((failed.kind(), failed.more()), (None, 1));
    }

    #[test]
    fn runs_stand_under_the_day_of_the_viewer() {
        let runs = || vec![run("2026-11-20T17:00:00Z"), run("2026-11-20T15:59:59Z"), run("2026-11-20T01:00:00Z")];
        let headings = |zone: &str| -> Vec<(String, usize)> {
            let query = ListQuery::parse("", Author::Form, zone.parse().unwrap()).unwrap();
            let days = days(runs(), &query, false, Language::English.words());
            days.into_iter().map(|day| (day.heading, day.cards.len())).collect()
        };
        assert_eq!(headings("UTC"), [("Friday, 20 November 2026".to_owned(), 3)]);
        assert_eq!(
            headings("Asia/Shanghai"),
            [("Saturday, 21 November 2026".to_owned(), 1), ("Friday, 20 November 2026".to_owned(), 2)]
        );
    }
}
