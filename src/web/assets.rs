//! The style sheet and the icon, compiled in. Their addresses hold a hash of their content, so that a browser keeps them
//! for ever and a new version is another address.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::headers::Cache;

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../../assets/style.css")));
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")));

/// A file of ours.
#[derive(Debug)]
struct Asset {
    name: String,
    mime: &'static str,
    content: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, mime: &'static str, content: &'static [u8]) -> Self {
        let mut name = format!("{stem}.");
        for byte in Sha256::digest(content).iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        Self { name: format!("{name}.{extension}"), mime, content }
    }

    fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }

    fn response(&self, cache: Cache) -> Response {
        ([(CONTENT_TYPE, self.mime)], axum::Extension(cache), self.content).into_response()
    }
}

/// Where the style sheet is.
pub fn style_url() -> String {
    STYLE.url()
}

/// Where the icon is.
pub fn icon_url() -> String {
    ICON.url()
}

/// `GET /assets/{name}`.
pub async fn asset(name: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Result<Response, Error> {
    let Path(name) = name.map_err(|_| Error::NotFound)?;
    let asset = [&*STYLE, &*ICON].into_iter().find(|asset| asset.name == name);
    asset.map(|asset| asset.response(Cache::Immutable)).ok_or(Error::NotFound)
}

/// `GET /favicon.ico`, which browsers ask for without being told of it.
pub async fn favicon() -> Response {
    ICON.response(Cache::Live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_changes_with_the_content() {
        let (old, new) = (Asset::new("a", "css", "text/css", b"old"), Asset::new("a", "css", "text/css", b"new"));
        assert_ne!(old.url(), new.url());
        assert_eq!(old.url(), Asset::new("a", "css", "text/css", b"old").url());
        assert!(style_url().starts_with("/assets/style.") && style_url().ends_with(".css"));
    }
}
