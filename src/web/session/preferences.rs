//! `POST /preferences`: a viewer's language and theme, kept in cookies of their browser. Nothing is kept here.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use serde::Deserialize;

use crate::model::BasePath;
use crate::web::http::appearance::Theme;
use crate::web::http::code::Code;
use crate::web::http::language::Language;
use crate::web::http::path::path_of_ours;
use crate::web::http::problem::Problem;
use crate::web::view::viewer::{LANGUAGE, THEME};

/// What the form of the page's foot sends: one of the two, and where to go back to.
#[derive(Debug, Deserialize)]
pub struct PreferencesForm {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

/// Sets the cookies and goes back.
pub async fn choose(
    State(base): State<BasePath>,
    form: Result<Form<PreferencesForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(chosen) = form.map_err(|_| Code::BadForm)?;
    let language = chosen.lang.map(|tag| Language::from_tag(&tag).ok_or(Code::BadForm)).transpose()?;
    let theme = chosen.theme.map(|word| Theme::from_word(&word).ok_or(Code::BadForm)).transpose()?;
    let path = base.join("/");
    let cookie =
        |name: &str, value: &str| (SET_COOKIE, format!("{name}={value}; Path={path}; Max-Age=31536000; SameSite=Lax"));
    let cookies =
        [language.map(|language| cookie(LANGUAGE, language.tag())), theme.map(|theme| cookie(THEME, theme.as_str()))];
    let cookies: Vec<_> = cookies.into_iter().flatten().collect();
    let back = chosen.back.and_then(|back| path_of_ours(&back, &base)).unwrap_or(path);
    Ok((AppendHeaders(cookies), Redirect::to(&back)).into_response())
}
