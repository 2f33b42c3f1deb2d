//! What every request passes: who is it, and may they do that?

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{ACCEPT, HeaderMap, USER_AGENT};
use http::{Method, Uri};
use url::form_urlencoded;

use super::attempts::Caller;
use super::check::{Pass, Refusal};
use crate::model::{BasePath, Scope};
use crate::web::error::Error;
use crate::web::http::arrival::Arrival;
use crate::web::routes::reads;
use crate::web::site::state::App;
use crate::web::view::assets::is_of_sign_in;

/// What a client that showed nothing, or something wrong, is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// The password, by HTTP Basic.
    pub basic: bool,
    /// A token.
    pub bearer: bool,
    /// Whether it is a browser's page that asks.
    pub is_page: bool,
}

/// Lets nobody through who doesn't know a secret, and nobody change anything with a token that is for reading.
pub async fn check(
    State(app): State<App>,
    arrival: Arrival,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let Some(auth) = app.auth.as_ref().filter(|_| !is_of_sign_in(request.uri().path())) else {
        return Ok(next.run(request).await);
    };
    let headers = request.headers();
    match auth.admit(headers, Caller::from(&arrival)).await {
        Ok(pass) => {
            let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
            if pass.scope < Scope::Full && !reads(request.method(), route) {
                return Err(Error::ReadToken);
            }
            request.extensions_mut().insert(pass.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(pass);
            Ok(response)
        }
        Err(refusal) => {
            note(refusal, &arrival);
            if let Refusal::TooMany(seconds) = refusal {
                return Err(Error::TooMany { seconds });
            }
            if auth.has_password() && is_navigation(headers) {
                return Ok(
                    Redirect::to(&sign_in(&arrival.base(&app.base), request.method(), request.uri())).into_response()
                );
            }
            let is_browser = is_browser(headers);
            Err(Error::Unauthorized(Asks {
                // Browsers would ask for it in a box of their own.
                basic: auth.has_password() && !is_browser,
                bearer: auth.has_tokens() || is_browser,
                is_page: accepts_pages(headers),
            }))
        }
    }
}

/// Tells the log of what was wrong; that nothing was shown is no news.
pub fn note(refusal: Refusal, arrival: &Arrival) {
    let (request, client) = (arrival.id(), arrival.client);
    match refusal {
        Refusal::Nothing => {}
        Refusal::Wrong => tracing::info!(request, %client, path = arrival.path, "a wrong password or token"),
        Refusal::TooMany(seconds) => {
            tracing::info!(request, %client, path = arrival.path, seconds, "too many wrong passwords or tokens");
        }
    }
}

/// The address of the sign-in page, which leads back to the page that was asked for.
fn sign_in(base: &BasePath, method: &Method, uri: &Uri) -> String {
    let here = uri.path_and_query().map(|here| base.join(here.as_str()));
    let back = here.filter(|_| [Method::GET, Method::HEAD].contains(method)).filter(|back| *back != base.join("/"));
    let query = back.map(|back| {
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair("next", &back).finish();
        format!("?{pair}")
    });
    format!("{base}/sign-in{}", query.unwrap_or_default())
}

/// Whether somebody looks at a page, or is about to. Browsers say so, but only to hosts with https and to this machine.
fn is_navigation(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => accepts_pages(headers),
    }
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT.as_str()).contains("text/html")
}

fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-mode")
        || accepts_pages(headers)
        || text(headers, USER_AGENT.as_str()).starts_with("Mozilla/")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Pass {
    /// Whether there is a session that could be ended.
    pub fn is_session(&self) -> bool {
        self.by == crate::web::auth::check::By::Session
    }
}
