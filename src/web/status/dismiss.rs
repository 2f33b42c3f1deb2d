//! Saying that one knows of a gap: from then on it stands on the status page alone.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Form, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::BasePath;
use crate::model::Timestamp;
use crate::web::http::code::Code;
use crate::web::http::described::{Missing, Refused};
use crate::web::http::path::path_of_ours;
use crate::web::http::problem::Problem;
use crate::web::site::state::Dismissals;

/// What the button of a notice sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    back: Option<String>,
}

/// Which gap.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "described, never made")]
pub struct Which {
    /// Its id, as `/api/v1/status` has it.
    #[param(minimum = 1, example = 1)]
    gap: i64,
}

/// A gap that somebody knows of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dismissed {
    id: i64,
    /// When somebody said so first.
    #[schema(value_type = String, format = DateTime)]
    dismissed_at: Timestamp,
}

/// `POST /gaps/{id}/dismiss`: from a page, and back to it.
///
/// # Errors
/// There is no such gap, or it lasts; the store can't be written.
pub async fn from_page(
    State(dismissals): State<Dismissals>,
    State(base): State<BasePath>,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    dismiss(&dismissals, &id).await?;
    let back = sent.back.and_then(|back| path_of_ours(&back, &base)).unwrap_or_else(|| base.join("/"));
    Ok(Redirect::to(&back).into_response())
}

/// Says that somebody knows of a gap: pages no longer tell of it at their top.
#[utoipa::path(
    post, path = "/api/v1/gaps/{gap}/dismiss", tag = "server", params(Which),
    responses((status = 200, body = Dismissed), Missing, Refused)
)]
pub async fn from_script(State(dismissals): State<Dismissals>, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(Json(dismiss(&dismissals, &id).await?).into_response())
}

async fn dismiss(dismissals: &Dismissals, id: &str) -> Result<Dismissed, Problem> {
    let id: i64 = id.parse().map_err(|_| Code::NotFound)?;
    let dismissed_at = dismissals.dismiss(id).await?.ok_or(Code::NotFound)?;
    Ok(Dismissed { id, dismissed_at })
}
