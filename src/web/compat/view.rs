//! `GET /view`: the file that ComfyUI gave a name, as it was when we kept it. What is asked for is only looked up: nothing
//! of it becomes a path.

use std::time::Duration;

use axum::extract::{FromRef, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderValue};
use http::{HeaderMap, StatusCode};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout, timeout_at};

use super::ask::{Asked, Mistake};
use crate::blobs::Blobs;
use crate::live::Live;
use crate::model::{AttachmentState, Blob, FileRef, Folder, PromptId, ThumbSize};
use crate::store::History;
use crate::store::Named;
use crate::thumbs::{Made, Thumbs};
use crate::web::files::file::{not_kept, serve};
use crate::web::http::code::Code;
use crate::web::http::etag::has_it_already;
use crate::web::http::headers::{Cache, content_disposition};
use crate::web::http::problem::Problem;
use crate::web::site::state::SiteState;
use tokio_util::sync::CancellationToken;

/// How long a file is waited for that is being fetched: a script may be faster than we are.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a picture is waited for that is made small.
const MAKING: Duration = Duration::from_secs(15);

/// Where files are found by their name.
#[derive(Debug, Clone)]
pub struct KeptFiles {
    history: History,
    blobs: Blobs,
    thumbs: Thumbs,
    live: Live,
    closing: CancellationToken,
}

impl FromRef<SiteState> for KeptFiles {
    fn from_ref(site: &SiteState) -> Self {
        Self {
            history: History::from_ref(site),
            blobs: Blobs::from_ref(site),
            thumbs: Thumbs::from_ref(site),
            live: Live::from_ref(site),
            closing: CancellationToken::from_ref(site),
        }
    }
}

fn no_named_file() -> Problem {
    Problem::said(Code::NoFile, "no run that was recorded here named such a file, or its bytes could not be kept")
}

/// Answers for one file.
pub async fn view(
    State(kept): State<KeptFiles>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let asked = Asked::read(&query);
    let file = file(&asked)?;
    if asked.text("channel").is_some_and(|channel| channel != "rgba") {
        return Err(Mistake::Channel.into());
    }
    let prompt_id = asked.text("prompt_id").filter(|id| !id.is_empty()).map(PromptId::from);
    let blob = find(&kept, &file, prompt_id).await?;
    if asked.text("preview").is_some()
        && let Some(small) = small(&kept, &blob, &file.filename, &request).await?
    {
        return Ok(small);
    }
    // The next run may give other bytes under this name.
    serve(&kept.blobs, &blob, &file.filename, Cache::Live, &request).await
}

/// The name, as ComfyUI reads it: the folder may stand behind it (`x.png [temp]`), and a path before it doesn't count.
fn file(asked: &Asked<'_>) -> Result<FileRef, Problem> {
    let Some(name) = asked.text("filename") else { return Err(no_named_file()) };
    let annotated = Folder::ALL.into_iter().find_map(|folder| {
        let name = name.strip_suffix(&*format!("[{}]", folder.as_str()))?;
        Some((name.strip_suffix(' ').unwrap_or(name), folder.as_str()))
    });
    let (name, folder) = annotated.unwrap_or((name, asked.text("type").unwrap_or(Folder::Output.as_str())));
    let filename = name.rsplit('/').next().unwrap_or(name);
    if filename.is_empty() {
        return Err(Mistake::NoFilename.into());
    }
    let subfolder = asked.text("subfolder").unwrap_or_default().trim_end_matches('/');
    Ok(FileRef { folder: folder.to_owned(), subfolder: subfolder.to_owned(), filename: filename.to_owned() })
}

/// What is kept of the file; one that is being fetched is waited for.
async fn find(kept: &KeptFiles, file: &FileRef, prompt_id: Option<PromptId>) -> Result<Blob, Problem> {
    let deadline = Instant::now() + PATIENCE;
    let mut events = kept.live.events();
    loop {
        match kept.history.named(file.clone(), prompt_id.clone()).await? {
            Named::Kept(blob) => return Ok(blob),
            Named::Unknown => return Err(no_named_file()),
            Named::Awaited => {}
        }
        match timeout_at(deadline, events.recv()).await {
            Ok(Ok(_) | Err(RecvError::Lagged(_))) if !kept.closing.is_cancelled() => {}
            _ => return Err(not_kept(AttachmentState::Pending)),
        }
    }
}

/// The picture made small; `None` where nothing can be made of the file.
async fn small(kept: &KeptFiles, blob: &Blob, name: &str, request: &HeaderMap) -> Result<Option<Response>, Problem> {
    let size = ThumbSize::Large;
    let Ok(made) = timeout(MAKING, kept.thumbs.get(blob, size)).await else { return Ok(None) };
    let Made::Webp(webp) = made? else { return Ok(None) };
    let etag = format!("\"{}-{}-{}\"", blob.digest, size.pixels(), kept.thumbs.version());
    let headers = HeaderMap::from_iter([
        (ETAG, HeaderValue::try_from(&etag)?),
        (CONTENT_TYPE, HeaderValue::from_static("image/webp")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(content_disposition("inline", name))?),
    ]);
    let cache = axum::Extension(Cache::Live);
    if has_it_already(request, &etag) {
        return Ok(Some((StatusCode::NOT_MODIFIED, headers, cache).into_response()));
    }
    Ok(Some((headers, cache, webp).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<(String, String, String)> {
        file(&Asked::read(query)).ok().map(|file| (file.folder, file.subfolder, file.filename))
    }

    #[test]
    fn a_name_is_read_as_comfyui_reads_it() {
        let of = |folder: &str, subfolder: &str, name: &str| Some((folder.into(), subfolder.into(), name.into()));
        for (query, expected) in [
            ("filename=a.png", of("output", "", "a.png")),
            ("filename=a.png&type=temp&subfolder=x/y/", of("temp", "x/y", "a.png")),
            ("filename=a.png%20[input]&type=output", of("input", "", "a.png")),
            ("filename=a.png[temp]", of("temp", "", "a.png")),
            ("filename=x/../../a.png", of("output", "", "a.png")),
            ("filename=/etc/passwd&type=/etc", of("/etc", "", "passwd")),
            ("filename=a%00b%22.png", of("output", "", "a\0b\".png")),
            ("type=output", None),
            ("filename=", None),
            ("filename=x/", None),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
    }
}
