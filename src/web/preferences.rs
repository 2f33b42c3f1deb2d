//! `POST /preferences`: a viewer's language and theme, kept in cookies of their browser. Nothing is kept here.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::error::Error;
use super::site::App;
use super::viewer::{LANGUAGE, THEME, Theme};
use super::words::Language;
use crate::model::BasePath;

/// What the form of the page's foot sends: one of the two, and where to go back to.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

/// Sets the cookies and goes back.
pub async fn choose(State(app): State<App>, form: Result<Form<Chosen>, FormRejection>) -> Result<Response, Error> {
    let Form(chosen) = form.map_err(|_| Error::Form)?;
    let language = chosen.lang.map(|tag| Language::from_tag(&tag).ok_or(Error::Form)).transpose()?;
    let theme = chosen.theme.map(|word| Theme::from_word(&word).ok_or(Error::Form)).transpose()?;
    let path = app.base.join("/");
    let cookie =
        |name: &str, value: &str| (SET_COOKIE, format!("{name}={value}; Path={path}; Max-Age=31536000; SameSite=Lax"));
    let cookies =
        [language.map(|language| cookie(LANGUAGE, language.tag())), theme.map(|theme| cookie(THEME, theme.as_str()))];
    let cookies: Vec<_> = cookies.into_iter().flatten().collect();
    let back = chosen.back.filter(|back| is_ours(back, &app.base)).unwrap_or(path);
    Ok((AppendHeaders(cookies), Redirect::to(&back)).into_response())
}

/// Whether it is a path of ours on this server: browsers read `//` and `/\` as another host, and drop tabs and line ends.
pub fn is_ours(path: &str, base: &BasePath) -> bool {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain && path.starts_with('/') && !path.starts_with("//") && base.strip(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for ours in ["/", "/g/7?status=failed%2Clost", "/?next=a-1"] {
            assert!(is_ours(ours, &BasePath::default()), "{ours}");
        }
        for other in
            ["", "//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", "/g\r\nx: y"]
        {
            assert!(!is_ours(other, &BasePath::default()), "{other:?}");
        }
    }
}
