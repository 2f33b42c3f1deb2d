//! The kept documents: `/g/{id}/documents/{kind}` to read and search, a window of lines at a time, and
//! `/g/{id}/prompt.json` and `/g/{id}/workflow.json` as files that ComfyUI opens.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use url::form_urlencoded;

use crate::json::to_strict;
use crate::model::{BasePath, DocumentKind, GenerationId};
use crate::store::History;
use crate::web::http::code::Code;
use crate::web::http::headers::{Cache, content_disposition};
use crate::web::http::path::generation_id;
use crate::web::http::problem::Problem;
use crate::web::site::state::HeavyWork;
use crate::web::view::excerpt::{self, Excerpt, WINDOW, Wanted};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// What somebody may look for has at most so many characters.
const MOST_SOUGHT: usize = 200;

#[derive(Template)]
#[template(path = "document_page.html")]
struct DocumentPage {
    viewer: Viewer,
    t: &'static Catalogue,
    document: ShownDocument,
}

/// A document as a page shows it.
#[derive(Debug)]
pub struct ShownDocument {
    pub id: GenerationId,
    pub kind: DocumentKind,
    /// What is looked for.
    pub find: String,
    /// What stands before the path of every address.
    pub base: BasePath,
    /// The lines that are shown.
    pub excerpt: Excerpt,
}

impl ShownDocument {
    /// The window that is wanted.
    pub fn new(id: GenerationId, kind: DocumentKind, json: &str, wanted: &Wanted, base: &BasePath) -> Self {
        Self { id, kind, find: wanted.find.clone(), base: base.clone(), excerpt: excerpt::cut(json, wanted) }
    }

    /// The key of its name.
    pub fn name(&self) -> &'static str {
        name(self.kind)
    }

    /// The address of a file of it, where ComfyUI could open one.
    pub fn file(&self) -> Option<String> {
        let is_file = matches!(self.kind, DocumentKind::Prompt | DocumentKind::Workflow);
        is_file.then(|| format!("{}/g/{}/{}.json", self.base, self.id, self.kind.as_str()))
    }

    /// Whether the window shows all of it.
    pub fn is_whole(&self) -> bool {
        self.excerpt.lines.len() == self.excerpt.total
    }

    /// The number of the last line shown.
    fn last(&self) -> usize {
        self.excerpt.first + self.excerpt.lines.len().saturating_sub(1)
    }

    /// The address of the lines before.
    pub fn before(&self) -> Option<String> {
        let from = self.excerpt.first.saturating_sub(WINDOW).max(1);
        (self.excerpt.first > 1).then(|| self.url(&[("from", from)]))
    }

    /// The address of the lines behind.
    pub fn behind(&self) -> Option<String> {
        (self.last() < self.excerpt.total).then(|| self.url(&[("from", self.last() + 1)]))
    }

    /// The address of the match before this one; from the first to the last.
    pub fn previous_match(&self) -> String {
        let nth = if self.excerpt.nth > 1 { self.excerpt.nth - 1 } else { self.excerpt.matches };
        self.url(&[("match", nth)])
    }

    /// The address of the match behind this one; from the last to the first.
    pub fn next_match(&self) -> String {
        self.url(&[("match", if self.excerpt.nth < self.excerpt.matches { self.excerpt.nth + 1 } else { 1 })])
    }

    /// Where it is shown alone.
    pub fn page(&self) -> String {
        format!("{}/g/{}/documents/{}", self.base, self.id, self.kind.as_str())
    }

    fn url(&self, numbers: &[(&str, usize)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.find.is_empty() {
            query.append_pair("find", &self.find);
        }
        query.extend_pairs(numbers.iter().map(|(name, number)| (name, number.to_string())));
        format!("{}?{}", self.page(), query.finish())
    }
}

/// The key of a document's name.
pub fn name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Prompt => "document-prompt",
        DocumentKind::Workflow => "document-workflow",
        DocumentKind::Extra => "document-extra",
        DocumentKind::Result => "document-result",
    }
}

/// Answers with a window of one document.
pub async fn page(
    State(history): State<History>,
    State(heavy): State<HeavyWork>,
    viewer: Viewer,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Path((id, kind)) = path.map_err(|_| Code::NoGeneration)?;
    let id = generation_id(Ok(Path(id)))?;
    let kind: DocumentKind = kind.parse().map_err(|()| Code::NoDocument)?;
    let json = text(&history, id, kind).await?;
    let wanted = wanted(&query.unwrap_or_default());
    let page = heavy
        .run(json.len(), move || {
            let document = ShownDocument::new(id, kind, &json, &wanted, &viewer.base);
            Ok(DocumentPage { t: viewer.words, viewer, document }.render()?)
        })
        .await?;
    Ok(crate::web::view::respond::respond_with(page))
}

/// What can't be read counts as not said: links to lines are made by us.
fn wanted(query: &str) -> Wanted {
    let mut wanted = Wanted::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "from" => wanted.from = value.parse().ok(),
            "match" => wanted.nth = value.parse().ok(),
            "find" => wanted.find = value.trim().chars().take(MOST_SOUGHT).collect(),
            _ => {}
        }
    }
    wanted
}

/// A document's text; says whether the run or only the document is missing.
async fn text(history: &History, id: GenerationId, kind: DocumentKind) -> Result<String, Problem> {
    if let Some(json) = history.document(id, kind).await? {
        return Ok(json);
    }
    let is_known = history.outline(id).await?.is_some();
    Err(if is_known { Code::NoDocument } else { Code::NoGeneration }.into())
}

/// The API prompt as executed.
pub async fn prompt(
    history: State<History>,
    heavy: State<HeavyWork>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    download(history, heavy, id, DocumentKind::Prompt).await
}

pub async fn workflow(
    history: State<History>,
    heavy: State<HeavyWork>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    download(history, heavy, id, DocumentKind::Workflow).await
}

async fn download(
    State(history): State<History>,
    State(heavy): State<HeavyWork>,
    id: Result<Path<String>, PathRejection>,
    kind: DocumentKind,
) -> Result<Response, Problem> {
    let id = generation_id(id)?;
    let json = text(&history, id, kind).await?;
    // ComfyUI's page reads it with JSON.parse, which doesn't know Python's bare words.
    let body = heavy.run(json.len(), move || Ok(to_strict(&json).into_owned())).await?;
    let disposition = content_disposition("attachment", &format!("comfy-recall-{id}-{}.json", kind.as_str()));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(disposition)?),
    ];
    Ok((headers, axum::Extension(Cache::Live), body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_around_the_matches_and_through_the_lines() {
        let json = format!("[{}]", vec!["\"needle is here, in every line of it\""; 1_000].join(","));
        let document = |query: &str| {
            ShownDocument::new(GenerationId(7), DocumentKind::Prompt, &json, &wanted(query), &BasePath::default())
        };
        let first = document("find=needle+is");
        assert_eq!(first.next_match(), "/g/7/documents/prompt?find=needle+is&match=2");
        assert_eq!(first.previous_match(), "/g/7/documents/prompt?find=needle+is&match=1000");
        assert_eq!(document("find=needle&match=1000").next_match(), "/g/7/documents/prompt?find=needle&match=1");
        let plain = document("from=x&other=1");
        assert_eq!((plain.before(), plain.behind().as_deref()), (None, Some("/g/7/documents/prompt?from=201")));
        let deep = document("from=301");
        assert_eq!((deep.before().as_deref(), deep.is_whole()), (Some("/g/7/documents/prompt?from=101"), false));
    }
}
