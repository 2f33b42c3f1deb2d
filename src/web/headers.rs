//! Headers that every response carries, and how long it may be kept.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// For pages: our own style, scripts, pictures and players, forms that come back to us; nothing inline, no other host.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
                        img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

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

/// Adds what every response carries. What a handler set itself stays.
pub fn finish(headers: &mut HeaderMap, cache: Cache) {
    let mut default = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    default(CACHE_CONTROL, cache.header());
    default(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_CSP));
    default(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // For browsers that don't know frame-ancestors.
    default(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Addresses hold ids and filters: nobody else's business.
    default(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Other sites can't show our pictures, nor find out which there are.
    default(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    default(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    // Errors are a page or JSON by what the client accepts.
    default(VARY, HeaderValue::from_static("accept"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_set_itself_stays() {
        let mut headers = HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"))]);
        finish(&mut headers, Cache::Immutable);
        assert_eq!(headers[CONTENT_SECURITY_POLICY], "sandbox");
        assert_eq!(headers[CACHE_CONTROL], "private, max-age=31536000, immutable");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn pages_run_no_script_but_ours() {
        assert!(PAGE_CSP.starts_with("default-src 'none'") && PAGE_CSP.contains("script-src 'self';"));
        assert!(!PAGE_CSP.contains("unsafe") && !PAGE_CSP.contains("http"));
    }
}
