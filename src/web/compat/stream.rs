//! Many runs in one answer, a few in memory at a time: the next are read when the client has taken the last.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::CONTENT_TYPE;

use crate::model::{DocumentKind, GenerationId, Told};
use crate::store::History;
use crate::web::http::headers::Cache;
use crate::web::http::problem::Problem;

/// What is told of one run, as JSON; part of a list.
pub type Write = Arc<dyn Fn(&Told) -> String + Send + Sync>;

/// Runs of an answer, and the text around them.
pub struct ResponseParts {
    /// Lists one behind the other: the text before, and the runs, separated by commas them.
    pub lists: Vec<(String, Vec<GenerationId>)>,
    /// The text behind the last.
    pub tail: String,
    /// Which of their texts are needed.
    pub kinds: &'static [DocumentKind],
    /// How one is written.
    pub write: Write,
}

/// Where the writing stands.
struct StreamState {
    history: History,
    parts: ResponseParts,
    /// The list in hand, and how many of its runs were asked for.
    list: usize,
    asked: usize,
    /// Whether a run of this list was written.
    has_written: bool,
    is_done: bool,
}

/// The answer. What fails before its first part is an error of its own; later failures break the connection, so that no
/// client takes a part for the whole.
pub async fn answer(history: History, parts: ResponseParts) -> Result<Response, Problem> {
    let mut course = StreamState { history, parts, list: 0, asked: 0, has_written: false, is_done: false };
    let first = course.next().await?;
    let body = if course.is_done {
        Body::from(first)
    } else {
        let rest = stream::try_unfold(course, |mut course| async {
            if course.is_done {
                return Ok(None);
            }
            course.next().await.map(|part| Some((part, course)))
        });
        let rest = rest.inspect_err(|error| tracing::error!(%error, "an answer broke off"));
        Body::from_stream(stream::once(async { Ok(first) }).chain(rest))
    };
    Ok(json(body))
}

/// A body that is JSON, as ComfyUI says it.
pub fn json(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], axum::Extension(Cache::Live), body.into()).into_response()
}

impl StreamState {
    /// Some runs more.
    async fn next(&mut self) -> Result<Bytes, Problem> {
        let mut text = String::new();
        while text.is_empty() && !self.is_done {
            let Some((head, ids)) = self.parts.lists.get(self.list) else {
                text.push_str(&self.parts.tail);
                self.is_done = true;
                break;
            };
            if self.asked == 0 {
                text.push_str(head);
            }
            let ids = ids.get(self.asked..).unwrap_or_default().to_vec();
            let (last, more) = if ids.is_empty() {
                (None, String::new())
            } else {
                let (write, has_written) = (Arc::clone(&self.parts.write), self.has_written);
                let tell = move |runs: Vec<Told>| (runs.last().map(|run| run.id), written(&runs, &write, has_written));
                self.history.told(ids, self.parts.kinds, tell).await?
            };
            self.step(last);
            self.has_written |= !more.is_empty();
            text.push_str(&more);
            if self.is_at_end() {
                (self.list, self.asked, self.has_written) = (self.list + 1, 0, false);
            }
            if self.parts.lists.len() == self.list {
                text.push_str(&self.parts.tail);
                self.is_done = true;
            }
        }
        Ok(text.into())
    }

    /// Moves behind the last run that was read. Runs that are gone are passed over.
    fn step(&mut self, last: Option<GenerationId>) {
        let Some((_, ids)) = self.parts.lists.get(self.list) else { return };
        let last = last.and_then(|last| ids.iter().rposition(|id| *id == last));
        self.asked = last.map_or(ids.len(), |last| last + 1);
    }

    fn is_at_end(&self) -> bool {
        self.parts.lists.get(self.list).is_none_or(|(_, ids)| self.asked >= ids.len())
    }
}

fn written(runs: &[Told], write: &Write, mut has_written: bool) -> String {
    let mut text = String::new();
    for run in runs {
        if std::mem::replace(&mut has_written, true) {
            text.push_str(", ");
        }
        text.push_str(&write(run));
    }
    text
}
