//! `/g/{id}`: one generation, with all that is kept of it.

use std::borrow::Cow;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::frame::{Banner, Frame};
use super::media::{Form, Media};
use crate::model::{Detail, DocumentKind, ErrorSummary, MediaKind, Summary};
use crate::web::api::generations::generation_id;
use crate::web::documents::{Course, Nodes, strict, texts};
use crate::web::error::Error;
use crate::web::format::{self, Moment};
use crate::web::indent::indent;
use crate::web::query::{Author, ListQuery};
use crate::web::site::App;
use crate::web::viewer::Viewer;
use crate::web::words::Words;
use crate::web::zone::Zone;

/// A document longer than this is a download, not a part of the page.
const INLINE_BYTES: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "generation.html")]
struct GenerationPage {
    viewer: Viewer,
    t: &'static Words,
    frame: Frame,
    run: Summary,
    why: Option<Cow<'static, str>>,
    times: Times,
    outputs: Vec<Media>,
    inputs: Vec<Media>,
    failure: Option<Failure>,
    cached_nodes: usize,
    comfyui_version: Option<String>,
    devices: Vec<String>,
    documents: Vec<Folded>,
}

/// When it happened.
struct Times {
    created: Moment,
    started: Option<Moment>,
    finished: Option<Moment>,
    duration: Option<String>,
}

/// The error that ended the run.
struct Failure {
    error: ErrorSummary,
    node_title: Option<String>,
    traceback: String,
}

impl Failure {
    /// The class of the node, where its title doesn't say it already.
    fn named_type(&self) -> Option<&str> {
        let title = self.node_title.as_deref()?;
        self.error.node_type.as_deref().filter(|kind| *kind != title)
    }
}

/// A document that opens on a click.
struct Folded {
    kind: DocumentKind,
    size: String,
    /// `None`: too big to be shown.
    text: Option<String>,
}

/// Answers with one generation.
pub async fn page(
    State(app): State<App>,
    viewer: Viewer,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let zone = ListQuery::parse(&query.unwrap_or_default(), Author::Form, viewer.zone)?.zone;
    let detail = app.store.detail(generation_id(id)?).await?.ok_or(Error::NoGeneration)?;
    let frame = Frame::new(&app, zone, viewer.words).await?;
    let page = app.work(detail.documents_bytes(), move || Ok(view(detail, frame, viewer, zone)?.render()?)).await?;
    Ok(super::respond_with(page))
}

fn view(detail: Detail, frame: Frame, viewer: Viewer, zone: Zone) -> Result<GenerationPage, Error> {
    let t = viewer.words;
    let document = |kind| detail.document(kind).map(strict).transpose();
    let nodes = document(DocumentKind::Prompt)?.as_deref().map(Nodes::read).unwrap_or_default();
    let result = document(DocumentKind::Result)?;
    let course = result.as_deref().map(Course::read).unwrap_or_default();
    let media = |list: &[_]| list.iter().map(|attachment| Media::new(attachment, &nodes)).collect();
    let run = &detail.summary;
    Ok(GenerationPage {
        frame,
        t,
        viewer,
        why: t.why(run.status, run.status_reason),
        times: Times {
            created: format::moment(run.created_at, zone, t),
            started: run.started_at.map(|time| format::moment(time, zone, t)),
            finished: run.finished_at.map(|time| format::moment(time, zone, t)),
            duration: run.duration_ms.map(|millis| format::duration(millis, t)),
        },
        outputs: media(&detail.outputs),
        inputs: media(&detail.inputs),
        failure: run.error.clone().map(|error| Failure {
            node_title: nodes.get(error.node_id.as_deref()).title.clone(),
            traceback: texts(course.traceback).concat(),
            error,
        }),
        cached_nodes: texts(course.cached_nodes).len(),
        documents: folded(&detail),
        comfyui_version: detail.comfyui.version,
        devices: detail.comfyui.devices,
        run: detail.summary,
    })
}

fn folded(detail: &Detail) -> Vec<Folded> {
    let kinds = [DocumentKind::Prompt, DocumentKind::Workflow];
    let shown = kinds.into_iter().filter_map(|kind| {
        let json = detail.document(kind)?;
        let size = format::bytes(u64::try_from(json.len()).unwrap_or(u64::MAX));
        Some(Folded { kind, size, text: (json.len() <= INLINE_BYTES).then(|| indent(json)) })
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_node_is_said_once() {
        let failure = |title: Option<&str>| Failure {
            error: ErrorSummary { node_id: None, node_type: Some("KSampler".into()), kind: None, message: None },
            node_title: title.map(str::to_owned),
            traceback: String::new(),
        };
        assert_eq!(failure(None).named_type(), None);
        assert_eq!(failure(Some("KSampler")).named_type(), None);
        assert_eq!(failure(Some("采样")).named_type(), Some("KSampler"));
    }
}
