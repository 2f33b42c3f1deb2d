//! Style, scripts and the icon, compiled in. Their addresses hold a hash of their content, so that a browser keeps them
//! for ever and a new version is another address.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::Uri;
use http::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use crate::web::http::code::Code;
use crate::web::http::headers::Cache;
use crate::web::http::problem::Problem;

const STYLE: &str = concat!(
    include_str!("../../../assets/css/ground.css"),
    include_str!("../../../assets/css/controls.css"),
    include_str!("../../../assets/css/history.css"),
    include_str!("../../../assets/css/search.css"),
    include_str!("../../../assets/css/generation.css"),
    include_str!("../../../assets/css/lightbox.css"),
    include_str!("../../../assets/css/status.css"),
    include_str!("../../../assets/css/live.css"),
    include_str!("../../../assets/css/sign-in.css"),
    include_str!("../../../assets/css/api.css"),
    include_str!("../../../assets/css/panel.css"),
);

macro_rules! script {
    ($name:literal) => {
        ($name, SCRIPT, include_str!(concat!("../../../assets/js/", $name)))
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Every asset by its plain name. A script stands after those that it imports.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", STYLE),
    ("icon.svg", "image/svg+xml", include_str!("../../../assets/icon.svg")),
    script!("page.js"),
    script!("stream.js"),
    script!("live-worker.js"),
    script!("live.js"),
    script!("banners.js"),
    script!("clock.js"),
    script!("keys.js"),
    script!("app.js"),
    script!("panel.js"),
    script!("copy.js"),
    script!("lightbox.js"),
    script!("generation.js"),
    script!("filters.js"),
    script!("search.js"),
    script!("facets.js"),
    script!("list.js"),
    script!("endless.js"),
    script!("place.js"),
    script!("arrivals.js"),
    script!("covers.js"),
    script!("grid-keys.js"),
    script!("history.js"),
];

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets::new(FILES));

/// The assets with their addresses.
struct Assets {
    /// From the plain name to the address.
    urls: HashMap<&'static str, String>,
    /// From the name in an address to what is there.
    content: HashMap<String, (&'static str, Bytes)>,
}

impl Assets {
    fn new(files: &[(&'static str, &'static str, &'static str)]) -> Self {
        let mut assets = Self { urls: HashMap::new(), content: HashMap::new() };
        for (name, mime, text) in files {
            let mut text = (*text).to_owned();
            for (imported, url) in &assets.urls {
                // Beside each other, wherever that is.
                let hashed = url.trim_start_matches("/assets/");
                text = text.replace(&format!("\"./{imported}\""), &format!("\"./{hashed}\""));
            }
            let hashed = hashed(name, text.as_bytes());
            assets.urls.insert(name, format!("/assets/{hashed}"));
            assets.content.insert(hashed, (mime, text.into()));
        }
        assets
    }
}

/// `style.css` as `style.0123456789abcdef.css`.
fn hashed(name: &str, content: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut hashed = format!("{stem}.");
    for byte in Sha256::digest(content).iter().take(8) {
        let _ = write!(hashed, "{byte:02x}");
    }
    format!("{hashed}.{extension}")
}

/// Where the asset of that plain name is, below the base path. Templates name only those that there are; a test walks through them.
pub fn url(name: &str) -> &'static str {
    ASSETS.urls.get(name).map_or("", String::as_str)
}

/// What the sign-in page needs to look like itself, also in a frame: for everybody. The icon is there as `/favicon.ico` too.
pub const OF_SIGN_IN: [&str; 4] = ["style.css", "icon.svg", "page.js", "panel.js"];

/// `GET /assets/{name}`.
pub async fn asset(name: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Code::NotFound)?;
    respond(&name, Cache::Immutable)
}

/// One of [`OF_SIGN_IN`], each at an address of its own.
pub async fn of_sign_in(uri: Uri) -> Result<Response, Problem> {
    respond(uri.path().trim_start_matches("/assets/"), Cache::Immutable)
}

/// `GET /favicon.ico`, which browsers ask for without being told of it.
pub async fn favicon() -> Result<Response, Problem> {
    respond(url("icon.svg").trim_start_matches("/assets/"), Cache::Live)
}

fn respond(name: &str, cache: Cache) -> Result<Response, Problem> {
    let (mime, content) = ASSETS.content.get(name).ok_or(Code::NotFound)?;
    Ok(([(CONTENT_TYPE, *mime)], axum::Extension(cache), content.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_changes_with_the_content() {
        let url = |text: &'static str| Assets::new(&[("a.css", "text/css", text)]).urls["a.css"].clone();
        assert_ne!(url("old"), url("new"));
        assert_eq!(url("old"), url("old"));
        assert!(super::url("style.css").starts_with("/assets/style.") && super::url("style.css").ends_with(".css"));
    }

    #[test]
    fn an_address_changes_with_what_is_imported() {
        let files = |text: &'static str| {
            [("a.js", SCRIPT, text), ("b.js", SCRIPT, "import { a } from \"./a.js\"")].map(|file| file)
        };
        let (old, new) = (Assets::new(&files("old")), Assets::new(&files("new")));
        assert_ne!(old.urls["b.js"], new.urls["b.js"]);
    }

    #[test]
    fn every_asset_that_is_named_is_there() {
        for (name, (_, text)) in &ASSETS.content {
            let text = String::from_utf8_lossy(text);
            for imported in text.split("\"./").skip(1).filter_map(|part| part.split('"').next()) {
                assert!(ASSETS.content.contains_key(imported), "{name} imports {imported}, which isn't before it");
            }
        }
        let templates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).unwrap();
        let mut seen = 0;
        for entry in templates.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(&entry).unwrap();
            for name in text.split("viewer.asset(\"").skip(1).filter_map(|part| part.split('"').next()) {
                assert!(!url(name).is_empty(), "{}: {name}", entry.display());
                seen += 1;
            }
        }
        assert!(seen >= 3, "{seen}");
    }
}
