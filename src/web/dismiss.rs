//! Saying that one knows of a gap: from then on it stands on the status page alone.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::json;

use super::error::Error;
use super::preferences::path_of_ours;
use super::site::App;
use crate::model::Timestamp;

/// What the button of a notice sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    back: Option<String>,
}

/// `POST /gaps/{id}/dismiss`: from a page, and back to it.
///
/// # Errors
/// There is no such gap, or it lasts; the store can't be written.
pub async fn from_page(
    State(app): State<App>,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    dismiss(&app, &id).await?;
    let back = sent.back.and_then(|back| path_of_ours(&back, &app.base)).unwrap_or_else(|| app.base.join("/"));
    Ok(Redirect::to(&back).into_response())
}

/// `POST /api/v1/gaps/{id}/dismiss`: the same for scripts.
///
/// # Errors
/// As [`from_page`].
pub async fn from_script(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Error> {
    let (id, dismissed_at) = dismiss(&app, &id).await?;
    Ok(Json(json!({"id": id, "dismissed_at": dismissed_at})).into_response())
}

async fn dismiss(app: &App, id: &str) -> Result<(i64, Timestamp), Error> {
    let id: i64 = id.parse().map_err(|_| Error::NotFound)?;
    let dismissed_at = app.store.dismiss_gap(id, Timestamp::now()).await?.ok_or(Error::NotFound)?;
    Ok((id, dismissed_at))
}
