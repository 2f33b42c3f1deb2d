//! Who looks at a page: their language, their theme, their time zone, and where they are. From the address, the cookies
//! that `/preferences` set, and the headers of their browser, in this order.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT_LANGUAGE, COOKIE};
use http::request::Parts;
use http::{HeaderMap, Uri};

use super::words::{Language, Words};
use crate::live::Position;
use crate::model::{BasePath, Timestamp};
use crate::search::Zone;
use crate::web::auth::check::Pass;
use crate::web::http::appearance::{Look, Panel};
use crate::web::http::arrival::Arrival;
use crate::web::http::cors;
use crate::web::query::{self, Author, ListQuery};
use crate::web::site::state::App;

/// The cookie that holds the language.
pub const LANGUAGE: &str = "recall-lang";
/// The cookie that holds the theme.
pub const THEME: &str = "recall-theme";
/// The cookie that says whether values to narrow the list by stand beside it; set by a script of ours.
const FACETS: &str = "recall-facets";
/// The cookie that holds the time zone; set by a script of ours, as only the browser knows it.
const ZONE: &str = "recall-tz";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the viewer's system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word for it in forms, cookies and `<html data-theme>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::System => "theme-system",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }

    /// The theme of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word)
    }
}

/// The one who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The words that they read.
    pub words: &'static Words,
    /// Light or dark.
    pub theme: Theme,
    /// Where their days begin, unless the address says otherwise.
    pub zone: Zone,
    /// Whether they want values to narrow the list by beside it, where there is room.
    pub has_facets: bool,
    /// What stands before the path of every address of ours.
    pub base: BasePath,
    /// Path and query of the page that they asked for.
    pub here: String,
    /// Whether there is a session that they could end.
    pub has_session: bool,
    /// Where they look from inside ComfyUI.
    pub panel: Option<Panel>,
    /// What was told of the history before it was read for them; `None` where nothing was read.
    pub position: Option<Position>,
}

impl Viewer {
    /// Reads what a request says of its sender. What can't be used counts as not said.
    pub fn read(headers: &HeaderMap, uri: &Uri, server_zone: Zone, base: &BasePath) -> Self {
        let accepted = || Language::accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?);
        let chosen = cookie(headers, LANGUAGE).and_then(Language::from_tag);
        let zone = cookie(headers, ZONE).and_then(|zone| percent_encoding::percent_decode_str(zone).decode_utf8().ok());
        Self {
            words: chosen.or_else(accepted).unwrap_or_default().words(),
            theme: cookie(headers, THEME).and_then(Theme::from_word).unwrap_or_default(),
            zone: zone.and_then(|zone| zone.parse().ok()).unwrap_or(server_zone),
            has_facets: cookie(headers, FACETS) != Some("closed"),
            here: base.join(uri.path_and_query().map_or("/", |here| here.as_str())),
            base: base.clone(),
            has_session: false,
            panel: None,
            position: None,
        }
    }
}

impl Viewer {
    /// The sender of a request to the site, who may look through a frame. `is_known`: they may come in.
    pub fn of(app: &App, headers: &HeaderMap, uri: &Uri, look: Option<Look>, is_known: bool) -> Self {
        let viewer = Self::read(headers, uri, app.zone, &app.base);
        let Some(look) = look else { return viewer };
        let base = look.base(&app.base);
        Self {
            words: look.language.words(),
            theme: look.theme,
            here: base.join(uri.path_and_query().map_or("/", |here| here.as_str())),
            base,
            panel: Some(Panel { frames: cors::frames(app, headers, is_known), alone: viewer.here }),
            ..viewer
        }
    }

    /// What a page of theirs is asked for, in the query string of its address.
    pub fn list_query(&self, query: Option<String>) -> Result<ListQuery, query::Error> {
        Ok(ListQuery::parse(&query.unwrap_or_default(), Author::Form, self.zone)?.below(&self.base))
    }

    /// How far their clocks are from UTC by now, in minutes: tells a browser whether we took the right zone.
    pub fn minutes_from_utc(&self) -> i32 {
        self.zone.local(Timestamp::now()).offset().local_minus_utc() / 60
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let position = Some(app.live.position());
        let pass: Option<&Pass> = parts.extensions.get();
        let (has_session, is_known) = (pass.is_some_and(Pass::is_session), app.auth.is_none() || pass.is_some());
        let look = parts.extensions.get().and_then(|arrival: &Arrival| arrival.look);
        Ok(Self { position, has_session, ..Self::of(app, &parts.headers, &parts.uri, look, is_known) })
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &'a str) -> Option<&'a str> {
    cookies(headers, name).next()
}

/// The values of all cookies of that name.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(given, _)| *given == name).map(|(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn viewer(language: &'static str, cookies: &'static str) -> Viewer {
        let headers = HeaderMap::from_iter([
            (ACCEPT_LANGUAGE, HeaderValue::from_static(language)),
            (COOKIE, HeaderValue::from_static(cookies)),
        ]);
        Viewer::read(&headers, &Uri::from_static("/g/7?status=failed"), "UTC".parse().unwrap(), &BasePath::default())
    }

    #[test]
    fn a_cookie_counts_more_than_the_browser() {
        let chosen = viewer("zh-CN,zh", "other=1; recall-lang=en;recall-theme=dark; recall-tz=Asia%2FTokyo");
        assert_eq!(chosen.words.language(), Language::English);
        assert_eq!((chosen.theme, chosen.zone.to_string()), (Theme::Dark, "Asia/Tokyo".to_owned()));
        assert_eq!(chosen.here, "/g/7?status=failed");
    }

    #[test]
    fn where_they_are_is_a_path_of_ours_whatever_was_asked_for() {
        for (base, asked, here) in [
            ("/", "//evil.example/", "/evil.example/"),
            ("/", "///evil.example/?q=//x", "/evil.example/?q=//x"),
            ("/history", "//evil.example/", "/history/evil.example/"),
        ] {
            let uri = asked.parse().unwrap();
            let viewer = Viewer::read(&HeaderMap::new(), &uri, "UTC".parse().unwrap(), &base.parse().unwrap());
            assert_eq!(viewer.here, here);
        }
    }

    #[test]
    fn what_cannot_be_used_counts_as_not_said() {
        let odd = viewer("zh", "recall-lang=xx; recall-theme=<script>; recall-tz=Mars/Olympus; =; a");
        assert_eq!(odd.words.language(), Language::Chinese);
        assert_eq!((odd.theme, odd.zone.to_string()), (Theme::System, "UTC".to_owned()));
    }
}
