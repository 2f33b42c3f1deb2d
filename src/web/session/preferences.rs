//! `POST /preferences`: a viewer's language and theme, kept in cookies of their browser. Nothing is kept here.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use serde::Deserialize;
use url::{Position, Url};

use crate::model::BasePath;
use crate::web::error::Error;
use crate::web::site::state::App;
use crate::web::view::viewer::{LANGUAGE, THEME, Theme};
use crate::web::view::words::Language;

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
    let back = chosen.back.and_then(|back| path_of_ours(&back, &app.base)).unwrap_or(path);
    Ok((AppendHeaders(cookies), Redirect::to(&back)).into_response())
}

/// Where on this server a browser goes that is sent to this path, if that is ours. Browsers take `//` and `/\\` for another
/// host, drop tabs and line ends, and take the steps of `..` and `%2e%2e`: so the path is read as they read it, and an empty
/// part nowhere in it becomes the front of another address.
pub fn path_of_ours(path: &str, base: &BasePath) -> Option<String> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let here = Url::parse("http://here.invalid/").ok()?;
    let there =
        here.join(path).ok().filter(|there| is_plain && path.starts_with('/') && there.origin() == here.origin())?;
    let is_ours = base.strip(there.path()).is_some() && !there.path().contains("//");
    is_ours.then(|| there[Position::BeforePath..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for ours in ["/", "/g/7?status=failed%2Clost", "/?next=a-1", "/?q=//x#//y", "/a%2Fb"] {
            assert_eq!(path_of_ours(ours, &BasePath::default()).as_deref(), Some(ours));
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/g\r\nx: y",
            "evil.example",
            "///evil.example",
            "/.//evil.example",
            "/%2e//evil.example",
            "/..//evil.example",
            "/g/..//evil.example",
            "/panel/dark-en//evil.example/",
            "/panel/dark-en/..//..//evil.example/",
            "javascript:alert(1)",
            "?x",
            "#x",
        ] {
            assert_eq!(path_of_ours(other, &BasePath::default()), None, "{other:?}");
        }
    }

    #[test]
    fn nobody_is_sent_out_of_our_path() {
        let base = "/history".parse().unwrap();
        for (path, ours) in [
            ("/history/g/7", Some("/history/g/7")),
            ("/history", Some("/history")),
            ("/history/g/../status", Some("/history/status")),
            ("/history/../other/", None),
            ("/history/%2e%2e/other/", None),
            ("/history/..%2fother/", Some("/history/..%2fother/")),
            ("/other/../history/", Some("/history/")),
            ("/historyx", None),
        ] {
            assert_eq!(path_of_ours(path, &base).as_deref(), ours, "{path}");
        }
    }
}
