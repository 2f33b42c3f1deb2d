//! `/g/{id}`: one generation, with all that is kept of it.

use std::borrow::Cow;
use std::collections::HashMap;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::document::{self, ShownDocument};
use super::failure::FailurePanel;
use super::media::{Form, Gallery, Media};
use super::parameters::Parameters;
use crate::export::{Course, Nodes, strict, texts};
use crate::facts;
use crate::model::{
    BasePath, Content, Digest, DocumentKind, GenerationId, MediaFacts, MediaKind, Neighbours, Outline, Start, Status,
    Summary, shown_bytes,
};
use crate::search::{Field, Search};
use crate::store::History;
use crate::thumbs::Thumbs;
use crate::web::http::code::Code;
use crate::web::http::path::generation_id;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::site::state::HeavyWork;
use crate::web::site::state::Vitals;
use crate::web::view::excerpt::Wanted;
use crate::web::view::format::{self, Moment};
use crate::web::view::frame::{Banner, Frame};
use crate::web::view::marks::{self, Parts};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// A document up to this long is a part of the page; a longer one is loaded when it is opened.
const INLINE_BYTES: u64 = 64 * 1024;

/// A workflow up to this long is asked which custom nodes it needs.
const TOLD_BYTES: u64 = 4 * 1024 * 1024;

/// What a run waited before it started is told from here on.
const TOLD_WAIT_MILLIS: i64 = 1_000;

#[derive(Template)]
#[template(path = "generation.html")]
struct GenerationPage {
    viewer: Viewer,
    t: &'static Catalogue,
    frame: Frame,
    run: Summary,
    why: Option<Cow<'static, str>>,
    place_in_queue: Option<usize>,
    /// Whether previews are wanted beside what was saved.
    shows_previews: bool,
    way: RunLink,
    times: Times,
    gallery: Gallery,
    inputs: Vec<Media>,
    failure: Option<FailurePanel>,
    settings: Parameters,
    search: Search,
    cached_nodes: usize,
    comfyui_version: Option<String>,
    devices: Vec<String>,
    documents: Vec<FoldedDocument>,
}

impl GenerationPage {
    fn has(&self, kind: DocumentKind) -> bool {
        self.documents.iter().any(|document| document.kind == kind)
    }

    /// A text of it, with what was searched for marked.
    fn marked(&self, field: Field, text: &str) -> Parts {
        marks::marked(&self.search, field, text)
    }

    /// What ComfyUI is to call its workflow.
    fn called(&self) -> String {
        self.run.workflow_name.clone().unwrap_or_else(|| self.t.with("run-number", "id", self.run.id))
    }

    /// What the history calls it.
    fn marked_name(&self) -> Parts {
        match &self.run.workflow_name {
            Some(name) => self.marked(Field::Workflow, name),
            None => vec![(self.t.with("run-number", "id", self.run.id), false)],
        }
    }
}

/// Where one can go from here.
struct RunLink {
    history: String,
    newer: Option<String>,
    older: Option<String>,
}

struct Times {
    created: Moment,
    started: Option<Moment>,
    finished: Option<Moment>,
    duration: Option<String>,
    waited: Option<String>,
}

impl Times {
    fn new(run: &Summary, query: &ListQuery, t: &Catalogue) -> Self {
        let moment = |time| format::moment(time, query.zone, t);
        let waited = run.started_at.map(|started| started.as_millis() - run.created_at.as_millis());
        Self {
            created: moment(run.created_at),
            started: run.started_at.map(moment),
            finished: run.finished_at.map(moment),
            duration: run.duration_ms.map(|millis| format::duration(millis, t)),
            waited: waited.filter(|wait| *wait >= TOLD_WAIT_MILLIS).map(|millis| format::duration(millis, t)),
        }
    }
}

/// A document that opens on a click.
struct FoldedDocument {
    kind: DocumentKind,
    /// The key of its name.
    name: &'static str,
    size: String,
    /// Where it is shown alone.
    page: String,
    /// `None`: too long to be a part of the page.
    inline: Option<ShownDocument>,
}

/// The documents that the page is made from.
#[derive(Default)]
struct PageTexts(Vec<(DocumentKind, String)>);

impl PageTexts {
    /// Prompt, result and workflow tell what the page says; the others are read where they are short enough to be shown.
    async fn read(history: &History, outline: &Outline) -> Result<Self, Problem> {
        let mut texts = Self::default();
        for &(kind, bytes) in &outline.documents {
            let is_told = match kind {
                DocumentKind::Prompt | DocumentKind::Result => true,
                DocumentKind::Workflow => bytes <= TOLD_BYTES,
                DocumentKind::Extra => false,
            };
            if bytes <= INLINE_BYTES || is_told {
                let text = history.document(outline.summary.id, kind).await?;
                texts.0.extend(text.map(|text| (kind, text)));
            }
        }
        Ok(texts)
    }

    fn get(&self, kind: DocumentKind) -> Option<&str> {
        self.0.iter().find(|(of, _)| *of == kind).map(|(_, text)| text.as_str())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, text)| text.len()).sum()
    }
}

/// Answers with one generation.
pub async fn page(
    State(vitals): State<Vitals>,
    State(thumbs): State<Thumbs>,
    State(heavy): State<HeavyWork>,
    viewer: Viewer,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of_page(query, viewer.zone, &viewer.base)?;
    let (id, history) = (generation_id(id)?, &vitals.history);
    let outline = history.outline(id).await?.ok_or(Code::NoGeneration)?;
    let neighbours = history.neighbours(query.filter.clone(), id).await?.unwrap_or_default();
    let place_in_queue = place_in_queue(history, &outline.summary).await?;
    let known = thumbs.facts(digests(&outline)).await;
    let texts = PageTexts::read(history, &outline).await?;
    let frame = Frame::of_list(&vitals, query.zone, !query.search.is_empty(), viewer.words).await?;
    let bytes = texts.bytes();
    let page = heavy
        .run(bytes, move || {
            let page = view(outline, &known, neighbours, &texts, frame, viewer, &query)?;
            Ok(GenerationPage { place_in_queue, ..page }.render()?)
        })
        .await?;
    Ok(crate::web::view::respond::respond_with(page))
}

/// Which run of its server's queue it is, from 1; for one that waits.
async fn place_in_queue(history: &History, run: &Summary) -> Result<Option<usize>, Problem> {
    if run.status != Status::Pending {
        return Ok(None);
    }
    let queue = history.queue(&run.instance).await?;
    Ok(queue.iter().position(|id| *id == run.id).map(|before| before + 1))
}

fn digests(outline: &Outline) -> Vec<Digest> {
    let blobs = outline.outputs.iter().chain(&outline.inputs).filter_map(|attachment| match &attachment.content {
        Content::File { blob, .. } => blob.as_ref().map(|blob| blob.digest),
        Content::Text(_) => None,
    });
    blobs.collect()
}

fn view(
    outline: Outline,
    known: &HashMap<Digest, MediaFacts>,
    neighbours: Neighbours,
    kept: &PageTexts,
    frame: Frame,
    viewer: Viewer,
    query: &ListQuery,
) -> Result<GenerationPage, Problem> {
    let t = viewer.words;
    let strict = |kind| kept.get(kind).map(strict).transpose();
    let nodes = strict(DocumentKind::Prompt)?.as_deref().map(Nodes::read).unwrap_or_default();
    let result = strict(DocumentKind::Result)?;
    let course = result.as_deref().map(Course::read).unwrap_or_default();
    let media =
        |list: &[_]| list.iter().map(|attachment| Media::new(attachment, &nodes, known, query.base())).collect();
    let run = &outline.summary;
    let facts = kept.get(DocumentKind::Prompt).map(facts::read).unwrap_or_default();
    let custom_nodes = kept.get(DocumentKind::Workflow).map(facts::custom_nodes).unwrap_or_default();
    Ok(GenerationPage {
        frame,
        t,
        viewer,
        why: t.why(run.status, run.status_reason),
        place_in_queue: None,
        shows_previews: query.shows_previews,
        way: way(query, neighbours),
        times: Times::new(run, query, t),
        gallery: Gallery::new(media(&outline.outputs), run.cover.as_ref()),
        inputs: media(&outline.inputs),
        failure: run.error.clone().map(|error| FailurePanel::new(error, &nodes, &course)),
        settings: Parameters::new(&facts, &custom_nodes, run, query, t),
        search: query.search.clone(),
        cached_nodes: texts(course.cached_nodes).len(),
        documents: folded(&outline, kept, query.base()),
        comfyui_version: outline.comfyui.version,
        devices: outline.comfyui.devices,
        run: outline.summary,
    })
}

fn way(query: &ListQuery, neighbours: Neighbours) -> RunLink {
    let link = |id: Option<GenerationId>| id.map(|id| query.generation(id));
    RunLink { history: query.page(Start::Newest), newer: link(neighbours.newer), older: link(neighbours.older) }
}

fn folded(outline: &Outline, kept: &PageTexts, base: &BasePath) -> Vec<FoldedDocument> {
    let id = outline.summary.id;
    let fold = |&(kind, bytes): &(DocumentKind, u64)| FoldedDocument {
        kind,
        name: document::name(kind),
        size: shown_bytes(bytes),
        page: base.join(&format!("/g/{id}/documents/{}", kind.as_str())),
        inline: kept
            .get(kind)
            .filter(|_| bytes <= INLINE_BYTES)
            .map(|json| ShownDocument::new(id, kind, json, &Wanted::default(), base)),
    };
    outline.documents.iter().map(fold).collect()
}
