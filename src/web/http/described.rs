//! What the API may be asked, for its description. The reading itself is in [`crate::web::query`]; a test holds the two
//! together.

#![allow(dead_code, reason = "described, never made")]

use serde::Serialize;
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// Which generations. All that is given narrows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichRuns {
    /// A search, as in the search box: words, `"phrases"`, `field:value`, `-without`, `steps:>20`.
    #[param(example = "portrait model:flux", max_length = 2000)]
    q: Option<String>,
    /// One or more of `pending`, `in_progress`, `completed`, `failed`, `cancelled`, `lost`, separated by commas.
    #[param(
        example = "failed,lost",
        pattern = "^(pending|in_progress|completed|failed|cancelled|lost)(,(pending|in_progress|completed|failed|cancelled|lost))*$"
    )]
    status: Option<String>,
    /// One or more of `image`, `video`, `audio`, `text`, `model3d`, `other`, separated by commas.
    #[param(
        example = "video",
        pattern = "^(image|video|audio|text|model3d|other)(,(image|video|audio|text|model3d|other))*$"
    )]
    kind: Option<String>,
    /// The name of a ComfyUI server.
    #[param(example = "default", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    instance: Option<String>,
    /// A day, or all from a first to a last: `2026-11-20`, `2026-11-01..2026-11-20`, `2026-11-01..`; also by word: `today`,
    /// `yesterday`, `7d`.
    #[param(example = "2026-11-20")]
    date: Option<String>,
    /// Where days begin: an IANA name or an offset. The server's own zone unless told.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
    /// Queued at this moment or later, by RFC 3339.
    #[param(format = DateTime, example = "2026-11-20T08:00:00Z")]
    from: Option<String>,
    /// Queued before this moment.
    #[param(format = DateTime)]
    to: Option<String>,
    /// ComfyUI's id of a run.
    prompt_id: Option<String>,
}

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPart {
    /// How many, at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next` of an earlier answer, as it came.
    next: Option<String>,
    /// `prev` of an earlier answer, as it came.
    prev: Option<String>,
}

/// Which generation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct Id {
    /// Our id of the generation.
    #[param(minimum = 1, example = 1)]
    id: i64,
}

/// The shape of every error.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorText,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub struct ErrorText {
    /// For programs; never changes.
    #[schema(example = "bad_parameter")]
    code: String,
    /// For people: what is wrong, and what to do.
    message: String,
}

/// Errors that every address can answer with.
#[derive(IntoResponses)]
pub enum Refused {
    /// A parameter that can't be used; the message says why.
    #[response(status = 400)]
    Bad(#[to_schema] ErrorBody),
    /// A password or a token is needed.
    #[response(status = 401)]
    Who(#[to_schema] ErrorBody),
    /// The Host header names another server.
    #[response(status = 421)]
    Host(#[to_schema] ErrorBody),
    /// Too many wrong passwords or tokens came from this address; `Retry-After` says when to come back.
    #[response(status = 429)]
    Slower(#[to_schema] ErrorBody),
    /// Something went wrong here; the log has the details under the request's id.
    #[response(status = 500)]
    Broken(#[to_schema] ErrorBody),
    /// The search index is out of order, or the store is too busy.
    #[response(status = 503)]
    Busy(#[to_schema] ErrorBody),
}

/// There is no such thing.
#[derive(IntoResponses)]
#[response(status = 404)]
pub struct Missing(#[to_schema] ErrorBody);
