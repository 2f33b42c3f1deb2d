//! The layer that lets in who may call a route, and nobody else.

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{ACCEPT, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use http::{Method, Uri};
use url::form_urlencoded;

use super::attempts::Caller;
use super::check::{AccessCheck, Denied};
use crate::model::{BasePath, Scope};
use crate::web::http::arrival::Arrival;
use crate::web::http::code::Code;
use crate::web::http::problem::Problem;
use crate::web::http::route::{Access, Rules};

/// What is asked of a client that showed nothing, or something wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Challenge {
    /// The password, by HTTP Basic.
    basic: bool,
    bearer: bool,
}

/// Lets nobody through who may not call the route.
pub async fn check(
    State(auth): State<Option<AccessCheck>>,
    State(base): State<BasePath>,
    Extension(rules): Extension<Rules>,
    arrival: Arrival,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let needed = match rules.access(request.method()) {
        Access::Probe | Access::Anyone => None,
        Access::Read => Some(Scope::Read),
        Access::Full => Some(Scope::Full),
    };
    let (Some(auth), Some(needed)) = (auth, needed) else { return Ok(next.run(request).await) };
    match auth.admit(request.headers(), Caller::from(&arrival)).await {
        Ok(principal) if principal.scope < needed => Err(Code::ReadOnlyToken.into()),
        Ok(principal) => {
            request.extensions_mut().insert(principal.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(principal);
            Ok(response)
        }
        Err(denied) => {
            note(denied, &arrival);
            refuse(&auth, denied, &arrival.base(&base), &request)
        }
    }
}

/// The answer to who doesn't come in: browsers are sent to the sign-in page, programs are told what to show.
fn refuse(auth: &AccessCheck, denied: Denied, base: &BasePath, request: &Request) -> Result<Response, Problem> {
    if let Denied::TooMany(seconds) = denied {
        return Err(too_many(seconds));
    }
    let headers = request.headers();
    if auth.has_password() && is_navigation(headers) {
        return Ok(Redirect::to(&sign_in(base, request.method(), request.uri())).into_response());
    }
    let is_browser = is_browser(headers);
    // Browsers would ask for a password in a box of their own.
    let challenge = Challenge { basic: auth.has_password() && !is_browser, bearer: auth.has_tokens() || is_browser };
    let problem = challenge.problem();
    Err(if accepts_pages(headers) { problem } else { problem.for_programs() })
}

impl Challenge {
    fn problem(self) -> Problem {
        let (basic, bearer) = ("Basic realm=\"comfy-recall\", charset=\"UTF-8\"", "Bearer realm=\"comfy-recall\"");
        let asked = [(self.basic, basic), (self.bearer, bearer)].into_iter().filter(|(is_asked, _)| *is_asked);
        asked.fold(Problem::from(Code::Unauthorized), |problem, (_, scheme)| {
            problem.header(WWW_AUTHENTICATE, HeaderValue::from_static(scheme))
        })
    }
}

fn too_many(seconds: u64) -> Problem {
    let message = format!("too many wrong passwords or tokens from your address; try again in {seconds} seconds");
    Problem::said(Code::TooMany, message)
        .text_with("error-too-many", "seconds", seconds)
        .header(RETRY_AFTER, HeaderValue::from(seconds))
}

/// Tells the log of what was wrong; that nothing was shown is no news.
pub fn note(denied: Denied, arrival: &Arrival) {
    let (request, client) = (arrival.id(), arrival.client);
    match denied {
        Denied::Nothing => {}
        Denied::Wrong => tracing::info!(request, %client, path = arrival.path, "a wrong password or token"),
        Denied::TooMany(seconds) => {
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
