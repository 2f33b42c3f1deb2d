//! Headers that every response carries, and how long it may be kept.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::model::{download_name, percent_encode};

/// For pages: our own style, scripts, pictures and players, forms that come back to us; nothing inline, no other host.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
                        img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors ";

/// What a page depends on beside its address.
pub const PAGE_VARY: HeaderValue = HeaderValue::from_static("accept, accept-language, cookie");

/// How long a response may be kept, and by whom. Put into a response's extensions; [`finish`] writes the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Named by its content: never changes. Only in the browser, as a proxy doesn't know our passwords.
    Immutable,
    /// May change, but not soon.
    Shortly,
    /// Changes as the history does: ask every time.
    Live,
    /// Not to be kept at all.
    Never,
}

impl Cache {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Immutable => "private, max-age=31536000, immutable",
            Self::Shortly => "private, max-age=60",
            Self::Live => "private, no-cache",
            Self::Never => "no-store",
        })
    }
}

/// The policy of a page that may stand in the frames of these origins, with blanks between them.
fn policy(frames: &str) -> HeaderValue {
    let frames = if frames.is_empty() { "'none'" } else { frames };
    HeaderValue::try_from(format!("{PAGE_CSP}{frames}")).unwrap_or_else(|_| HeaderValue::from_static("sandbox"))
}

/// Adds what every response carries. What a handler set itself stays. `frames`: the origins whose pages may hold this one in
/// a frame, with blanks between them.
pub fn finish(headers: &mut HeaderMap, cache: Cache, frames: &str) {
    let mut default = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    default(CACHE_CONTROL, cache.header());
    default(CONTENT_SECURITY_POLICY, policy(frames));
    default(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // For browsers that don't know frame-ancestors; it can't name origins.
    if frames.is_empty() {
        default(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    // Addresses hold ids and filters: nobody else's business.
    default(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Other sites can't show our pictures, nor find out which there are.
    default(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    default(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    // Errors are a page or JSON by what the client accepts.
    default(VARY, HeaderValue::from_static("accept"));
}

/// The header for a download of that name, for old clients in plain ASCII too.
pub fn content_disposition(disposition: &str, name: &str) -> String {
    let name = download_name(name);
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ') { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("{disposition}; filename=\"{ascii}\"; filename*=UTF-8''{}", percent_encode(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_its_name_in_plain_ascii_too() {
        assert_eq!(
            content_disposition("attachment", "a\"é.png"),
            "attachment; filename=\"a__.png\"; filename*=UTF-8''a%22%C3%A9.png"
        );
    }

    #[test]
    fn what_a_handler_set_itself_stays() {
        let mut headers = HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"))]);
        finish(&mut headers, Cache::Immutable, "");
        assert_eq!(headers[CONTENT_SECURITY_POLICY], "sandbox");
        assert_eq!(headers[CACHE_CONTROL], "private, max-age=31536000, immutable");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn pages_run_no_script_but_ours() {
        assert!(PAGE_CSP.starts_with("default-src 'none'") && PAGE_CSP.contains("script-src 'self';"));
        assert!(!PAGE_CSP.contains("unsafe") && !PAGE_CSP.contains("http"));
    }

    #[test]
    fn only_a_page_for_a_frame_may_stand_in_one() {
        let finished = |frames: &str| {
            let mut headers = HeaderMap::new();
            finish(&mut headers, Cache::Live, frames);
            let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap().rsplit_once("; ").unwrap().1.to_owned();
            (policy, headers.contains_key(X_FRAME_OPTIONS))
        };
        assert_eq!(finished(""), ("frame-ancestors 'none'".to_owned(), true));
        assert_eq!(finished("http://localhost:8188"), ("frame-ancestors http://localhost:8188".to_owned(), false));
    }
}
