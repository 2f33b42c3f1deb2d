//! A run as a card of the history: what stands for it, and the few words below.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::facts::{self, Facts};
use crate::model::{AttachmentState, Cover, Cursor, GenerationId, InstanceName, MediaKind, Status, Summary};
use crate::store::History;
use crate::thumbs::Thumbs;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::view::format::{self, Moment};
use crate::web::view::marks::{self, Parts};
use crate::web::view::words::Catalogue;

/// The first words of an error or a text; a card has no room for more.
const SHOWN_CHARS: usize = 160;

#[derive(Debug)]
pub struct Card {
    pub run: Summary,
    /// Its page, which knows its neighbours in this list.
    pub url: String,
    /// What it is called.
    pub name: String,
    /// The day on which it was queued, `YYYY-MM-DD`.
    pub day: String,
    /// Its place in the list, for scripts.
    pub place: Cursor,
    /// When it was queued.
    pub created: Moment,
    /// `17:59`.
    pub clock: String,
    /// How long it ran.
    pub duration: Option<String>,
    /// Why it has no result.
    pub why: Option<Cow<'static, str>>,
    /// The server, where there are several.
    pub instance: Option<InstanceName>,
    /// Its place in the queue, where what runs now is the first; for one that waits.
    pub turn: Option<usize>,
    /// What its picture shows.
    pub face: Face,
    /// Outputs beside the one that is seen.
    pub more: i64,
    /// Where the search found it.
    pub snippet: Option<Parts>,
}

/// What stands for a run.
#[derive(Debug, PartialEq, Eq)]
pub enum Face {
    /// A thumbnail of its picture, video or sound.
    Thumb(Cover),
    /// A video that the browser itself has to find a picture in.
    Video(Cover),
    /// The first words of a text.
    Text(String),
    /// A file that nothing can be seen of.
    File(MediaKind),
    /// A word: why there is nothing to see.
    Status,
}

/// What all cards of a page have in common.
#[derive(Debug)]
pub struct Cards<'a> {
    query: &'a ListQuery,
    t: &'static Catalogue,
    has_several: bool,
    makes_posters: bool,
    turns: HashMap<GenerationId, usize>,
    snippets: HashMap<GenerationId, Parts>,
}

impl<'a> Cards<'a> {
    /// Gathers it for these runs.
    pub async fn of(
        history: &History,
        thumbs: &Thumbs,
        query: &'a ListQuery,
        t: &'static Catalogue,
        runs: &[Summary],
    ) -> Result<Self, Problem> {
        let mut turns = HashMap::new();
        let mut waiting: Vec<&InstanceName> =
            runs.iter().filter(|run| run.status == Status::Pending).map(|run| &run.instance).collect();
        waiting.sort();
        waiting.dedup();
        for instance in waiting {
            let queue = history.queue(instance).await?;
            turns.extend(queue.into_iter().enumerate().map(|(before, id)| (id, before + 1)));
        }
        let has_several = history.has_several_instances().await?;
        let snippets = snippets(history, query, runs).await?;
        Ok(Self { query, t, has_several, makes_posters: thumbs.makes_posters(), turns, snippets })
    }

    /// The card of a run.
    pub fn card(&self, run: Summary) -> Card {
        let (zone, t) = (self.query.zone, self.t);
        let local = zone.local(run.created_at);
        let face = face(&run, self.makes_posters);
        Card {
            url: self.query.generation(run.id),
            name: name(&run, t),
            day: local.date_naive().to_string(),
            place: Cursor { created_at: run.created_at, id: run.id },
            created: format::moment(run.created_at, zone, t),
            clock: local.format("%H:%M").to_string(),
            duration: run.duration_ms.map(|millis| format::duration(millis, t)),
            why: t.why(run.status, run.status_reason),
            instance: self.has_several.then(|| run.instance.clone()),
            turn: self.turns.get(&run.id).copied().filter(|_| run.status == Status::Pending),
            more: more(&run, face != Face::Status, self.query.shows_previews),
            snippet: self.snippets.get(&run.id).cloned(),
            face,
            run,
        }
    }
}

/// Where a search found these runs: in what their prompts say, or in what is known of them otherwise.
async fn snippets(
    history: &History,
    query: &ListQuery,
    runs: &[Summary],
) -> Result<HashMap<GenerationId, Parts>, Problem> {
    if query.search.is_empty() {
        return Ok(HashMap::new());
    }
    let search = query.search.clone();
    let asked: HashMap<GenerationId, Summary> = runs.iter().map(|run| (run.id, run.clone())).collect();
    let read = move |id: GenerationId, prompt: &str| marks::found(&search, asked.get(&id)?, &facts::read(prompt));
    let found = history.of_prompts(runs.iter().map(|run| run.id).collect(), read).await?;
    let mut snippets: HashMap<GenerationId, Option<Parts>> = found.into_iter().collect();
    for run in runs.iter().filter(|run| !snippets.contains_key(&run.id)).collect::<Vec<_>>() {
        snippets.insert(run.id, marks::found(&query.search, run, &Facts::default()));
    }
    Ok(snippets.into_iter().filter_map(|(id, snippet)| Some((id, snippet?))).collect())
}

impl Card {
    /// The first words of an error.
    pub fn error(&self) -> Option<String> {
        Some(beginning(self.run.error.as_ref()?.message.as_deref()?))
    }

    /// The kind, where a thumbnail doesn't say it by itself.
    pub fn corner_kind(&self) -> Option<MediaKind> {
        match &self.face {
            Face::Thumb(cover) | Face::Video(cover) => Some(cover.kind).filter(|kind| *kind != MediaKind::Image),
            Face::Text(_) => Some(MediaKind::Text),
            Face::File(_) | Face::Status => None,
        }
    }

    /// Of a run that ended well and has nothing to show.
    pub fn empty_icon(&self) -> &'static str {
        match self.run.files_state {
            Some(AttachmentState::Pending) => "in_progress",
            Some(AttachmentState::Missing) => "missing",
            Some(AttachmentState::Stored) | None => "completed",
        }
    }
}

/// The workflow's name, else that of the file that stands for the run, else its number.
fn name(run: &Summary, t: &Catalogue) -> String {
    let file = run.cover.as_ref().map(|cover| &cover.filename).filter(|name| !name.is_empty());
    run.workflow_name
        .as_ref()
        .or(file)
        .map(|name| beginning(name))
        .unwrap_or_else(|| t.with("run-number", "id", run.id))
}

/// A run that didn't come to its end shows a picture that it left, else why it ended.
fn face(run: &Summary, makes_posters: bool) -> Face {
    let is_complete = run.status == Status::Completed;
    match (&run.cover, &run.excerpt) {
        (Some(cover), _) if cover.kind == MediaKind::Video && !makes_posters => Face::Video(cover.clone()),
        (Some(cover), _) if matches!(cover.kind, MediaKind::Image | MediaKind::Video) => Face::Thumb(cover.clone()),
        (Some(cover), _) if is_complete && cover.kind == MediaKind::Audio => Face::Thumb(cover.clone()),
        (_, Some(text)) if is_complete => Face::Text(beginning(text)),
        (Some(cover), _) if is_complete => Face::File(cover.kind),
        _ => Face::Status,
    }
}

/// Previews stay uncounted beside files that were saved, unless they are asked for.
fn more(run: &Summary, is_seen: bool, shows_previews: bool) -> i64 {
    let has_saved = run.previews_count < run.outputs_count;
    let hidden = if has_saved && !shows_previews { run.previews_count } else { 0 };
    if run.status == Status::Completed && run.files_state.is_some() {
        return 0;
    }
    (run.outputs_count - hidden - i64::from(is_seen)).max(0)
}

fn beginning(text: &str) -> String {
    text.trim().chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;
    use crate::model::testing::summary;
    use crate::web::http::language::Language;

    fn run(status: Status, cover: Option<MediaKind>, outputs_count: i64, previews_count: i64) -> Summary {
        let cover = cover.map(|kind| Cover { sha256: Digest([0; 32]), kind, filename: "a.png".to_owned() });
        Summary { status, cover, outputs_count, previews_count, ..summary() }
    }

    #[test]
    fn a_run_that_failed_says_why_unless_it_left_a_picture() {
        let kind = |status, cover| match face(&run(status, cover, 1, 0), true) {
            Face::Thumb(cover) | Face::Video(cover) => Some(cover.kind),
            Face::File(kind) => Some(kind),
            Face::Text(_) | Face::Status => None,
        };
        assert_eq!(kind(Status::Failed, Some(MediaKind::Image)), Some(MediaKind::Image));
        assert_eq!(kind(Status::Failed, Some(MediaKind::Audio)), None);
        assert_eq!(kind(Status::Completed, Some(MediaKind::Audio)), Some(MediaKind::Audio));
        assert_eq!(kind(Status::Completed, Some(MediaKind::Model3d)), Some(MediaKind::Model3d));
        let gone = Summary { files_state: Some(AttachmentState::Missing), ..run(Status::Completed, None, 1, 0) };
        assert_eq!(face(&gone, true), Face::Status, "a file that is gone is no text");
        let text = Summary { excerpt: Some("hello".to_owned()), ..run(Status::Completed, None, 1, 0) };
        assert_eq!(face(&text, true), Face::Text("hello".to_owned()));
    }

    #[test]
    fn without_a_maker_of_posters_the_browser_finds_a_picture_in_a_video() {
        let video = run(Status::Completed, Some(MediaKind::Video), 1, 0);
        assert!(matches!(face(&video, false), Face::Video(_)) && matches!(face(&video, true), Face::Thumb(_)));
    }

    #[test]
    fn previews_count_where_nothing_was_saved_or_they_are_asked_for() {
        let more = |outputs, previews, shown| more(&run(Status::Completed, None, outputs, previews), true, shown);
        assert_eq!((more(5, 4, false), more(5, 4, true), more(4, 4, false)), (0, 4, 3));
    }

    #[test]
    fn a_run_is_called_by_what_people_know_it_by() {
        let t = Catalogue::of(Language::English);
        let named = Summary { workflow_name: Some("fox".to_owned()), ..run(Status::Completed, None, 0, 0) };
        assert_eq!(name(&named, t), "fox");
        assert_eq!(name(&run(Status::Completed, Some(MediaKind::Image), 1, 0), t), "a.png");
        assert_eq!(name(&run(Status::Failed, None, 0, 0), t), "Run 7");
    }
}
