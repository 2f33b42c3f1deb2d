//! Who may read: a password by HTTP Basic (any user name), or a token by Bearer.

use std::fmt;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::site::App;

/// The secrets that open the door. Only their hashes are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    password: Option<[u8; 32]>,
    tokens: Vec<[u8; 32]>,
}

impl Auth {
    /// `None` when neither is given: the door is open.
    pub fn new(password: Option<&str>, tokens: Vec<[u8; 32]>) -> Option<Self> {
        let auth = Self { password: password.map(hash), tokens };
        (password.is_some() || !auth.tokens.is_empty()).then_some(auth)
    }

    /// Whether these headers carry one of the secrets.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some((scheme, credentials)) =
            headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        let credentials = credentials.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.tokens.iter().any(|token| is_same(Some(*token), credentials.as_bytes()));
        }
        let pair = STANDARD.decode(credentials).unwrap_or_default();
        let password = pair.iter().position(|byte| *byte == b':').and_then(|colon| pair.get(colon + 1..));
        scheme.eq_ignore_ascii_case("basic") && password.is_some_and(|given| is_same(self.password, given))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

/// Lets nobody through who doesn't know a secret.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Result<Response, Error> {
    match &app.auth {
        Some(auth) if !auth.admits(request.headers()) => Err(Error::Unauthorized),
        _ => Ok(next.run(request).await),
    }
}

fn hash(secret: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Compares hashes, and every byte of them: how long it takes says nothing of the secret or its length.
fn is_same(wanted: Option<[u8; 32]>, given: &[u8]) -> bool {
    let given = hash(given);
    wanted.is_some_and(|wanted| wanted.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(auth: &Auth, header: &str) -> bool {
        auth.admits(&HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]))
    }

    #[test]
    fn the_password_and_the_token_are_taken_each_in_its_own_way() {
        let auth = Auth::new(Some("pass:word"), vec![hash("t0ken")]).unwrap();
        assert!(admits(&auth, &format!("Basic {}", STANDARD.encode("anyone:pass:word"))));
        assert!(admits(&auth, "bearer t0ken"));
        for pair in ["anyone:pass", "pass:word", "anyone:t0ken", ":", "", "anyone"] {
            assert!(!admits(&auth, &format!("Basic {}", STANDARD.encode(pair))), "{pair}");
        }
        for header in ["Bearer pass:word", "Bearer", "Bearer ", "Basic !", "t0ken", "Digest t0ken"] {
            assert!(!admits(&auth, header), "{header}");
        }
        assert!(!auth.admits(&HeaderMap::new()));
    }

    #[test]
    fn a_secret_that_is_not_set_opens_nothing() {
        assert_eq!(Auth::new(None, Vec::new()), None);
        let auth = Auth::new(None, vec![hash("t0ken")]).unwrap();
        assert!(!admits(&auth, &format!("Basic {}", STANDARD.encode("anyone:"))));
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Auth::new(Some("password"), Vec::new()).unwrap()), "Auth { .. }");
    }
}
