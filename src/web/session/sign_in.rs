//! `/sign-in` and `/sign-out`: how people come in where a password is asked for. Works without scripts.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use url::form_urlencoded;

use crate::model::BasePath;
use crate::web::auth::attempts::Caller;
use crate::web::auth::check::{AccessCheck, Denied, no_session};
use crate::web::auth::gate;
use crate::web::http::arrival::Arrival;
use crate::web::http::code::Code;
use crate::web::http::path::path_of_ours;
use crate::web::http::problem::Problem;
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    viewer: Viewer,
    t: &'static Catalogue,
    next: String,
    /// Why the last attempt led nowhere.
    refusal: Option<Denied>,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct SignInForm {
    password: String,
    next: Option<String>,
}

/// Asks for the password; leads on who needs none.
pub async fn page(
    State(auth): State<Option<AccessCheck>>,
    viewer: Viewer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let next =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next").map(|(_, next)| next.into_owned());
    let next = way_on(&viewer.base, next);
    let Some(auth) = with_password(auth.as_ref())? else { return Ok(Redirect::to(&next).into_response()) };
    if auth.has_session(&headers) {
        return Ok(Redirect::to(&next).into_response());
    }
    respond(viewer, next, None)
}

/// Lets in who knows the password.
pub async fn enter(
    State(auth): State<Option<AccessCheck>>,
    State(base): State<BasePath>,
    arrival: Arrival,
    viewer: Viewer,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(given) = form.map_err(|_| Code::BadForm)?;
    let next = way_on(&viewer.base, given.next);
    let Some(auth) = with_password(auth.as_ref())? else { return Ok(Redirect::to(&next).into_response()) };
    match auth.try_password(given.password.as_bytes(), Caller::from(&arrival)).await {
        Ok(()) => {
            tracing::info!(request = arrival.id(), client = %arrival.client, "signed in");
            let cookie = auth.session(&base, arrival.is_https).unwrap_or_default();
            Ok(([(SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
        }
        Err(refusal) => {
            gate::note(refusal, &arrival);
            respond(viewer, next, Some(refusal))
        }
    }
}

/// Ends the session of this browser, and every copy of its cookie.
pub async fn leave(
    State(auth): State<Option<AccessCheck>>,
    State(base): State<BasePath>,
    arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    if let Some(auth) = &auth {
        auth.end_sessions(headers).await;
    }
    tracing::info!(request = arrival.id(), client = %arrival.client, "signed out");
    let to = arrival.base(&base).join("/sign-in");
    ([(SET_COOKIE, no_session(&base))], Redirect::to(&to)).into_response()
}

/// Nothing to ask for where everybody may come in; nothing to enter where only tokens open.
fn with_password(auth: Option<&AccessCheck>) -> Result<Option<&AccessCheck>, Problem> {
    match auth {
        None => Ok(None),
        Some(auth) if auth.has_password() => Ok(Some(auth)),
        Some(_) => Err(Code::NotFound.into()),
    }
}

/// Only to a place of ours: whoever made the link to this page isn't to choose another.
fn way_on(base: &BasePath, next: Option<String>) -> String {
    next.and_then(|next| path_of_ours(&next, base)).unwrap_or_else(|| base.join("/"))
}

fn respond(viewer: Viewer, next: String, refusal: Option<Denied>) -> Result<Response, Problem> {
    let (status, wait) = match refusal {
        None => (StatusCode::OK, None),
        Some(Denied::TooMany(seconds)) => (StatusCode::TOO_MANY_REQUESTS, Some(HeaderValue::from(seconds))),
        Some(_) => (StatusCode::FORBIDDEN, None),
    };
    let mut response = crate::web::view::respond::respond(&SignInPage { t: viewer.words, viewer, next, refusal })?;
    *response.status_mut() = status;
    response.headers_mut().extend(wait.map(|wait| (RETRY_AFTER, wait)));
    Ok(response)
}
