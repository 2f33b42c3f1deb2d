//! What can go wrong with a request, and what its client gets to read: a page, or JSON. Inner failures are told to the
//! log alone; the client gets a number to find them there.

pub mod code;
mod public;
pub mod render;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};

use crate::model::AttachmentState;
use crate::web::auth::gate::Asks;
use crate::web::{compat, query};
use crate::{blobs, store, thumbs};

pub use render::render;

/// Why a request isn't answered as it wished.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("no such page")]
    NotFound,
    #[error("no such generation")]
    NoGeneration,
    #[error("no such document")]
    NoDocument,
    #[error("no such file")]
    NoFile,
    #[error("no such output")]
    NoOutput,
    #[error("output without bytes: {}", .0.as_str())]
    NotKept(AttachmentState),
    #[error("no file of this name")]
    NoNamedFile,
    #[error("no such job")]
    NoJob,
    #[error("a change of ComfyUI")]
    ReadOnly,
    #[error("bad request")]
    Compat(#[from] compat::Mistake),
    #[error("method not allowed")]
    Method,
    #[error("bad query")]
    Query(#[from] query::Error),
    #[error("not a host of ours: {0:?}")]
    Host(String),
    #[error("no password and no token, or a wrong one")]
    Unauthorized(Asks),
    #[error("a change with a token for reading")]
    ReadToken,
    #[error("too many wrong passwords or tokens")]
    TooMany { seconds: u64 },
    #[error("a change that another site asked for")]
    Origin,
    #[error("bad form")]
    Form,
    #[error("range outside of a file of {size} bytes")]
    Range { size: u64 },
    #[error("read the store")]
    Store(#[from] store::Error),
    #[error("open a file")]
    Blobs(#[from] blobs::Error),
    #[error("make a thumbnail")]
    Thumbs(#[from] thumbs::Error),
    #[error("read a file")]
    File(#[source] std::io::Error),
    #[error("fill in a template")]
    Template(#[from] askama::Error),
    #[error("write JSON")]
    Json(#[from] serde_json::Error),
    #[error("write a header")]
    Header(#[from] http::header::InvalidHeaderValue),
    #[error("work on a big document")]
    Work(#[source] tokio::task::JoinError),
}

impl IntoResponse for Error {
    /// Only says that there is an error: the edge knows who asked, and [`render()`]s it.
    fn into_response(self) -> Response {
        (self.code().status(), axum::Extension(Arc::new(self))).into_response()
    }
}
