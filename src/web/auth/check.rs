//! Who may come in: people by a session that they signed in for, programs by HTTP Basic (any user name, the password) or by
//! a named token. And what each may do: a token of scope `read` looks at everything and changes nothing.
//!
//! Only wrong secrets are counted against an address. What nobody can guess is found out first and costs no more than a hash,
//! so nobody who holds a session or a token can be locked out by others.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::attempts::{Attempts, Caller};
use super::key::{SessionKey, is_same};
use super::password::{self, CheckedPassword};
use super::session::{self, Sessions};
use crate::model::{BasePath, Digest, LEAST_TOKEN_CHARS, Scope};

/// The secrets that open the door. Only their hashes are kept.
#[derive(Clone)]
pub struct AccessCheck(Arc<AcceptedSecrets>);

struct AcceptedSecrets {
    password: Option<CheckedPassword>,
    /// Of those who showed the password.
    sessions: Option<Arc<Sessions>>,
    tokens: Vec<AcceptedToken>,
    attempts: Attempts,
}

/// A token that programs may show.
#[derive(Clone, PartialEq, Eq)]
pub struct AcceptedToken {
    /// What the log calls it.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// The SHA-256 of it.
    pub hash: Digest,
}

/// One who came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub by: Credential,
    /// What they may do.
    pub scope: Scope,
}

impl Principal {
    /// Whether there is a session that could be ended.
    pub fn has_session(&self) -> bool {
        self.by == Credential::Session
    }
}

/// By what somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A session of the sign-in page.
    Session,
    /// The password in each request.
    Password,
    /// The token of this name.
    Token(Arc<str>),
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str("session"),
            Self::Password => f.write_str("password"),
            Self::Token(name) => write!(f, "token {name}"),
        }
    }
}

/// Why somebody doesn't come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    Nothing,
    /// Something wrong was shown.
    Wrong,
    /// Too much that was wrong came from that address; so many seconds until the next attempt.
    TooMany(u64),
}

impl AccessCheck {
    /// `None` when there is nothing to show: the door is open. `password`: its Argon2 hash in PHC form.
    pub fn new(password: Option<String>, tokens: Vec<AcceptedToken>, key: SessionKey) -> Option<Self> {
        if password.is_none() && tokens.is_empty() {
            return None;
        }
        let sessions = password.as_deref().map(|hash| Arc::new(Sessions::new(key.clone(), hash)));
        let password = password.map(|hash| CheckedPassword::new(hash, &key));
        Some(Self(Arc::new(AcceptedSecrets { password, sessions, tokens, attempts: Attempts::default() })))
    }

    /// Whether people can sign in.
    pub fn has_password(&self) -> bool {
        self.0.password.is_some()
    }

    /// Whether programs can show a token.
    pub fn has_tokens(&self) -> bool {
        !self.0.tokens.is_empty()
    }

    /// Who sends these headers.
    ///
    /// # Errors
    /// Why they may not come in.
    pub async fn admit(&self, headers: &HeaderMap, caller: Caller) -> Result<Principal, Denied> {
        if self.has_session(headers) {
            return Ok(Principal { by: Credential::Session, scope: Scope::Full });
        }
        let Some((scheme, credentials)) =
            headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '))
        else {
            return Err(Denied::Nothing);
        };
        let credentials = credentials.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.try_token(credentials, caller);
        }
        let given = scheme.eq_ignore_ascii_case("basic").then(|| password::of_basic(credentials)).flatten();
        let (Some(given), Some(password)) = (given, &self.0.password) else { return Err(Denied::Nothing) };
        let principal = Principal { by: Credential::Password, scope: Scope::Full };
        if let Some(wait) = self.0.attempts.is_shut(caller, Instant::now()) {
            return Err(Denied::TooMany(wait));
        }
        if password.remembers(&given, caller.client) {
            return Ok(principal);
        }
        self.try_password(&given, caller).await?;
        password.remember(&given, caller.client);
        Ok(principal)
    }

    /// Whether the password is right. Takes tens of milliseconds, and counts what is wrong.
    ///
    /// # Errors
    /// That it is wrong, or can't be tried now.
    pub async fn try_password(&self, given: &[u8], caller: Caller) -> Result<(), Denied> {
        let Some(password) = &self.0.password else { return Err(Denied::Nothing) };
        // Counted before it is known: many at once are many attempts.
        let attempt = self.0.attempts.begin(caller, Instant::now()).map_err(Denied::TooMany)?;
        match password.is(given).await {
            Some(true) => {
                attempt.forgive();
                Ok(())
            }
            Some(false) => Err(Denied::Wrong),
            None => {
                attempt.forgive();
                Err(Denied::TooMany(password::BUSY_SECONDS))
            }
        }
    }

    /// The cookie of a new session.
    pub fn session(&self, base: &BasePath, is_https: bool) -> Option<String> {
        self.0.sessions.as_ref().map(|sessions| sessions.cookie(base, is_https))
    }

    /// Whether one of the cookies is a session that holds.
    pub fn has_session(&self, headers: &HeaderMap) -> bool {
        self.0.sessions.as_ref().is_some_and(|sessions| sessions.is_valid(headers))
    }

    /// Ends the sessions of these cookies, wherever they were copied to.
    pub async fn end_sessions(&self, headers: HeaderMap) {
        let Some(sessions) = self.0.sessions.clone() else { return };
        // Goes on although the client leaves.
        let ending = tokio::task::spawn_blocking(move || sessions.end(&headers));
        if let Ok(Err(error)) = ending.await {
            tracing::warn!(%error, cause = error.source().map(ToString::to_string), "a session that was ended holds again after the next start");
        }
    }

    /// Whether the token is right. One that nobody can guess is compared before it counts: whoever holds it isn't held up
    /// by what others try. A shorter one, which only a hash made by hand lets in, is tried as a password is.
    fn try_token(&self, given: &str, caller: Caller) -> Result<Principal, Denied> {
        let begin = || self.0.attempts.begin(caller, Instant::now()).map_err(Denied::TooMany);
        if given.chars().count() >= LEAST_TOKEN_CHARS {
            return self.token(given).ok_or_else(|| begin().err().unwrap_or(Denied::Wrong));
        }
        let attempt = begin()?;
        let principal = self.token(given).ok_or(Denied::Wrong)?;
        attempt.forgive();
        Ok(principal)
    }

    /// All tokens are compared, and every byte of them: how long it takes says nothing of any.
    fn token(&self, given: &str) -> Option<Principal> {
        let given: [u8; 32] = Sha256::digest(given).into();
        let mut found = None;
        for token in &self.0.tokens {
            if is_same(&token.hash.0, &given) {
                found = Some(token);
            }
        }
        found.map(|token| Principal { by: Credential::Token(token.name.as_str().into()), scope: token.scope })
    }
}

impl fmt::Debug for AccessCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessCheck").finish_non_exhaustive()
    }
}

/// Ends a session, in the browser that has it.
pub fn no_session(base: &BasePath) -> String {
    session::no_cookie(base)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::web::testing::{argon2, token};

    const HERE: Caller = Caller { client: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), proxy: None };
    const BOT: &str = "a-token-of-the-bot-nobody-guesses";
    const OTHER: &str = "another-token-that-nobody-guesses";

    async fn by(auth: &AccessCheck, header: &str) -> Result<Credential, Denied> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
        auth.admit(&headers, HERE).await.map(|principal| principal.by)
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    #[tokio::test]
    async fn the_password_and_the_tokens_are_taken_each_in_its_own_way() {
        let tokens = vec![token("bot", Scope::Read, BOT), token("other", Scope::Full, OTHER)];
        let auth = AccessCheck::new(Some(argon2("pass:word")), tokens, SessionKey::of_tests()).unwrap();
        assert_eq!(by(&auth, &basic("anyone:pass:word")).await, Ok(Credential::Password));
        assert_eq!(by(&auth, &format!("bearer {BOT}")).await, Ok(Credential::Token("bot".into())));
        assert_eq!(by(&auth, &format!("Bearer {OTHER}")).await, Ok(Credential::Token("other".into())));
        for pair in ["anyone:pass", "pass:word", &format!("anyone:{BOT}"), ":"] {
            assert_eq!(by(&auth, &basic(pair)).await, Err(Denied::Wrong), "{pair}");
        }
        for header in ["Bearer pass:word", "Bearer  "] {
            assert_eq!(by(&auth, header).await, Err(Denied::Wrong), "{header}");
        }
        for header in [&basic(""), &basic("anyone"), "Bearer", "Basic !", BOT, &format!("Digest {BOT}")] {
            assert_eq!(by(&auth, header).await, Err(Denied::Nothing), "{header}");
        }
    }

    #[tokio::test]
    async fn a_secret_that_is_not_set_opens_nothing() {
        assert!(AccessCheck::new(None, Vec::new(), SessionKey::of_tests()).is_none());
        let auth = AccessCheck::new(None, vec![token("bot", Scope::Full, BOT)], SessionKey::of_tests()).unwrap();
        assert_eq!(by(&auth, &basic("anyone:")).await, Err(Denied::Nothing));
        assert_eq!(auth.session(&BasePath::default(), false), None);
    }

    #[test]
    fn secrets_are_not_printed() {
        let auth = AccessCheck::new(Some(argon2("password")), Vec::new(), SessionKey::of_tests()).unwrap();
        assert_eq!(format!("{auth:?}"), "AccessCheck { .. }");
    }

    #[tokio::test]
    async fn a_token_that_can_be_guessed_is_held_up_as_a_password_is_and_a_long_one_is_not() {
        let tokens = vec![token("short", Scope::Read, "abc"), token("long", Scope::Read, BOT)];
        let auth = AccessCheck::new(None, tokens, SessionKey::of_tests()).unwrap();
        for _ in 0..20 {
            assert_eq!(
                by(&auth, "Bearer abc").await,
                Ok(Credential::Token("short".into())),
                "what is right doesn't count"
            );
        }
        for nth in 0..10 {
            assert_eq!(by(&auth, &format!("Bearer a{nth}")).await, Err(Denied::Wrong));
        }
        assert!(matches!(by(&auth, "Bearer abc").await, Err(Denied::TooMany(_))));
        assert!(matches!(by(&auth, &format!("Bearer {OTHER}")).await, Err(Denied::TooMany(_))));
        assert_eq!(by(&auth, &format!("Bearer {BOT}")).await, Ok(Credential::Token("long".into())));
    }
}
