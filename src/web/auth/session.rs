//! Sessions of people: a cookie that says until when, signed, and bound to the password, so that a new password ends all
//! of them. Nothing is kept of them here.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;

use super::is_same;
use super::key::SessionKey;
use crate::model::{BasePath, Timestamp};
use crate::web::viewer::cookies;

/// The cookie's name.
const NAME: &str = "recall-session";

/// How long a session lasts, in seconds: 30 days.
const LASTS: i64 = 30 * 24 * 60 * 60;

/// What to set when somebody has signed in. `Lax`: a link from elsewhere leads in, a form from elsewhere does nothing.
pub(super) fn cookie(key: &SessionKey, password: &str, base: &BasePath, is_https: bool) -> String {
    let until = now() + LASTS;
    let value = format!("{until}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature(key, password, until)));
    let secure = if is_https { "; Secure" } else { "" };
    format!("{NAME}={value}; Path={}; Max-Age={LASTS}; HttpOnly; SameSite=Lax{secure}", base.join("/"))
}

/// What to set when somebody signs out.
pub(super) fn no_cookie(base: &BasePath) -> String {
    format!("{NAME}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax", base.join("/"))
}

/// Whether one of the cookies is a session that holds. A browser may send an old one of another path first.
pub(super) fn is_valid(key: &SessionKey, password: &str, headers: &HeaderMap) -> bool {
    cookies(headers, NAME).any(|value| holds(key, password, value).is_some())
}

fn holds(key: &SessionKey, password: &str, value: &str) -> Option<()> {
    let (until, signed) = value.split_once('.')?;
    let until: i64 = until.parse().ok()?;
    let signed: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(signed).ok()?.try_into().ok()?;
    let is_signed = is_same(&signature(key, password, until), &signed);
    (is_signed && until > now()).then_some(())
}

fn signature(key: &SessionKey, password: &str, until: i64) -> [u8; 32] {
    key.sign("session", &[password.as_bytes(), &until.to_le_bytes()])
}

fn now() -> i64 {
    Timestamp::now().as_millis() / 1000
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    fn is_valid_with(key: &SessionKey, password: &str, cookies: &str) -> bool {
        is_valid(key, password, &HeaderMap::from_iter([(COOKIE, cookies.parse().unwrap())]))
    }

    #[test]
    fn a_session_holds_for_this_key_and_this_password() {
        let (key, base) = (SessionKey::of_tests(), "/history".parse().unwrap());
        let cookie = cookie(&key, "hash", &base, true);
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/history/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert!(is_valid_with(&key, "hash", pair));
        assert!(is_valid_with(&key, "hash", &format!("recall-session=old; a=b; {pair}")));
        assert!(!is_valid_with(&key, "other hash", pair));
        assert!(!is_valid_with(&SessionKey::passing().unwrap(), "hash", pair));
    }

    #[test]
    fn what_was_changed_or_is_over_does_not_hold() {
        let key = SessionKey::of_tests();
        let signed =
            |until: i64| format!("{NAME}={until}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature(&key, "hash", until)));
        assert!(is_valid_with(&key, "hash", &signed(now() + 60)));
        assert!(!is_valid_with(&key, "hash", &signed(now() - 1)));
        let longer = signed(now() + 60).replace(&(now() + 60).to_string(), &(now() + 6000).to_string());
        for odd in [longer.as_str(), "recall-session=", "recall-session=.", "recall-session=9999999999.AAAA", "other=1"]
        {
            assert!(!is_valid_with(&key, "hash", odd), "{odd}");
        }
    }
}
