//! Who looks at a page: their language, their theme, their time zone, and where they are. From the address, the cookies
//! that `/preferences` set, and the headers of their browser, in this order.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, Uri};

use super::words::Catalogue;
use crate::live::{Live, Position};
use crate::model::{BasePath, Timestamp};
use crate::search::Zone;
use crate::web::auth::check::{AccessCheck, Principal};
use crate::web::http::appearance::{Appearance, Theme};
use crate::web::http::arrival::Arrival;
use crate::web::http::cookies::cookie;
use crate::web::http::framing::Framing;
use crate::web::http::language::Language;
use crate::web::site::state::SiteState;

/// The cookie that holds the language.
pub const LANGUAGE: &str = "recall-lang";
/// The cookie that holds the theme.
pub const THEME: &str = "recall-theme";
/// The cookie that says whether values to narrow the list by stand beside it; set by a script of ours.
const FACETS: &str = "recall-facets";
/// The cookie that holds the time zone; set by a script of ours, as only the browser knows it.
const ZONE: &str = "recall-tz";

/// What a page of ours in a frame knows of what is around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// The pages that it may stand in: origins, with spaces between them.
    pub frames: String,
    /// The address of the same page on its own.
    pub alone: String,
}

/// The one who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The words that they read.
    pub words: &'static Catalogue,
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
            words: Catalogue::of(chosen.or_else(accepted).unwrap_or_default()),
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

    /// How far their clocks are from UTC by now, in minutes: tells a browser whether we took the right zone.
    pub fn minutes_from_utc(&self) -> i32 {
        self.zone.local(Timestamp::now()).offset().local_minus_utc() / 60
    }

    /// Where an asset is.
    pub fn asset(&self, name: &str) -> String {
        format!("{}{}", self.base, super::assets::url(name))
    }
}

/// What tells one viewer from another, beside their request.
#[derive(Debug, Clone)]
pub struct Viewers {
    zone: Zone,
    base: BasePath,
    framing: Framing,
}

impl FromRef<SiteState> for Viewers {
    fn from_ref(site: &SiteState) -> Self {
        Self { zone: Zone::from_ref(site), base: BasePath::from_ref(site), framing: Framing::from_ref(site) }
    }
}

impl Viewers {
    /// The sender of a request to the site, who may look through a frame. `is_known`: they may come in.
    pub fn of(&self, headers: &HeaderMap, uri: &Uri, appearance: Option<Appearance>, is_known: bool) -> Viewer {
        let viewer = Viewer::read(headers, uri, self.zone, &self.base);
        let Some(appearance) = appearance else { return viewer };
        let base = appearance.base(&self.base);
        Viewer {
            words: Catalogue::of(appearance.language),
            theme: appearance.theme,
            here: base.join(uri.path_and_query().map_or("/", |here| here.as_str())),
            base,
            panel: Some(Panel { frames: self.framing.frames(headers, is_known), alone: viewer.here }),
            ..viewer
        }
    }
}

impl FromRequestParts<SiteState> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &SiteState) -> Result<Self, Self::Rejection> {
        let position = Some(Live::from_ref(site).position());
        let principal: Option<&Principal> = parts.extensions.get();
        let is_known = principal.is_some() || Option::<AccessCheck>::from_ref(site).is_none();
        let has_session = principal.is_some_and(Principal::has_session);
        let appearance = parts.extensions.get().and_then(|arrival: &Arrival| arrival.appearance);
        let viewer = Viewers::from_ref(site).of(&parts.headers, &parts.uri, appearance, is_known);
        Ok(Self { position, has_session, ..viewer })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE;

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
