//! Sessions of people: a cookie that says which it is and until when, signed, and bound to the password, so that a new
//! password ends all of them. Of one that goes on nothing is kept here; of one that was ended, that it was.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;

use super::ended::{self, EndedSessions, SignedSession};
use super::key::{SessionKey, is_same};
use crate::model::{BasePath, Timestamp};
use crate::web::http::cookies::cookies;

/// The cookie's name.
const NAME: &str = "recall-session";

/// How long a session lasts, in seconds: 30 days.
const LASTS: i64 = 30 * 24 * 60 * 60;

/// What sessions are made and known by.
pub(super) struct Sessions {
    key: SessionKey,
    /// The hash of the password.
    password: String,
    ended: EndedSessions,
}

impl Sessions {
    pub(super) fn new(key: SessionKey, password: &str) -> Self {
        let ended = EndedSessions::open(key.folder(), now());
        Self { key, password: password.to_owned(), ended }
    }

    /// What to set when somebody has signed in. `Lax`: a link from elsewhere leads in, a form from elsewhere does nothing.
    pub(super) fn cookie(&self, base: &BasePath, is_https: bool) -> String {
        let session = SignedSession { name: std::array::from_fn(|_| fastrand::u8(..)), until: now() + LASTS };
        let (value, secure) = (self.signed(&session), if is_https { "; Secure" } else { "" });
        format!("{NAME}={value}; Path={}; Max-Age={LASTS}; HttpOnly; SameSite=Lax{secure}", base.join("/"))
    }

    /// Whether one of the cookies is a session that holds.
    pub(super) fn is_valid(&self, headers: &HeaderMap) -> bool {
        self.of(headers).next().is_some()
    }

    /// Ends the sessions of these cookies, and every copy of them. Waits for the disk.
    ///
    /// # Errors
    /// When that can't be written down: then they hold again after the next start.
    pub(super) fn end(&self, headers: &HeaderMap) -> Result<(), ended::Error> {
        self.of(headers).try_for_each(|session| self.ended.add(&session, now()))
    }

    /// Those that hold. A browser may send an old one of another path first.
    fn of<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = SignedSession> + 'a {
        cookies(headers, NAME).filter_map(|value| self.read(value)).filter(|session| !self.ended.has(session))
    }

    fn read(&self, value: &str) -> Option<SignedSession> {
        let (name, rest) = value.split_once('.')?;
        let (until, signed) = rest.split_once('.')?;
        let name = BASE64_URL_SAFE_NO_PAD.decode(name).ok()?.try_into().ok()?;
        let session = SignedSession { name, until: until.parse().ok()? };
        let signed: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(signed).ok()?.try_into().ok()?;
        (is_same(&self.signature(&session), &signed) && session.until > now()).then_some(session)
    }

    fn signed(&self, session: &SignedSession) -> String {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        format!("{}.{}.{}", text(&session.name), session.until, text(&self.signature(session)))
    }

    fn signature(&self, session: &SignedSession) -> [u8; 32] {
        self.key.sign("session", &[self.password.as_bytes(), &session.name, &session.until.to_le_bytes()])
    }
}

/// What to set when somebody signs out.
pub(super) fn no_cookie(base: &BasePath) -> String {
    format!("{NAME}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax", base.join("/"))
}

fn now() -> i64 {
    Timestamp::now().as_millis() / 1000
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::super::ended::NAME_BYTES;
    use super::*;

    fn headers(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, cookies.parse().unwrap())])
    }

    fn is_valid_with(key: SessionKey, password: &str, cookies: &str) -> bool {
        Sessions::new(key, password).is_valid(&headers(cookies))
    }

    fn pair(cookie: &str) -> &str {
        cookie.split_once("; ").unwrap().0
    }

    #[test]
    fn a_session_holds_for_this_key_and_this_password() {
        let sessions = Sessions::new(SessionKey::of_tests(), "hash");
        let cookie = sessions.cookie(&"/history".parse().unwrap(), true);
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/history/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert!(is_valid_with(SessionKey::of_tests(), "hash", pair));
        assert!(is_valid_with(SessionKey::of_tests(), "hash", &format!("recall-session=old; a=b; {pair}")));
        assert!(!is_valid_with(SessionKey::of_tests(), "other hash", pair));
        assert!(!is_valid_with(SessionKey::passing().unwrap(), "hash", pair));
    }

    #[test]
    fn what_was_changed_or_is_over_does_not_hold() {
        let sessions = Sessions::new(SessionKey::of_tests(), "hash");
        let signed =
            |until: i64| format!("{NAME}={}", sessions.signed(&SignedSession { name: [7; NAME_BYTES], until }));
        let is_valid = |cookies: &str| sessions.is_valid(&headers(cookies));
        assert!(is_valid(&signed(now() + 60)));
        assert!(!is_valid(&signed(now() - 1)));
        let other = signed(now() + 60).replace(&BASE64_URL_SAFE_NO_PAD.encode([7; NAME_BYTES]), "AAAAAAAAAAAAAAAA");
        let longer = signed(now() + 60).replace(&(now() + 60).to_string(), &(now() + 6000).to_string());
        for odd in [
            longer.as_str(),
            &other,
            "recall-session=",
            "recall-session=..",
            "recall-session=9999999999.AAAA",
            "recall-session=AAAAAAAAAAAAAAAA.9999999999.AAAA",
            "other=1",
        ] {
            assert!(!is_valid(odd), "{odd}");
        }
    }

    #[test]
    fn one_that_was_ended_is_over_wherever_its_copies_are_and_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Sessions::new(SessionKey::open(folder.path()).unwrap(), "hash");
        let (sessions, base) = (open(), BasePath::default());
        let (one, other) = (sessions.cookie(&base, false), sessions.cookie(&base, false));
        sessions.end(&headers(pair(&one))).unwrap();
        for sessions in [sessions, open()] {
            assert!(!sessions.is_valid(&headers(pair(&one))));
            assert!(sessions.is_valid(&headers(pair(&other))));
            assert!(sessions.is_valid(&headers(&format!("{}; {}", pair(&one), pair(&other)))));
        }
    }
}
