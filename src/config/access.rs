//! What visitors must show: the password of people and the tokens of scripts, from every layer.

use std::cmp::Ordering;
use std::fmt;

use crate::model::{Digest, LEAST_TOKEN_CHARS, Scope};

use super::error::Error;
use super::origin::Origin;
use super::problem::ValueProblem;
use super::scalars::{Scalars, groups};
use super::secret::Secret;
use super::setting::Setting;
use super::{credentials, text};

/// What a visitor must show: any of it will do; nothing is asked when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auth {
    pub password: Option<Password>,
    /// For scripts; names all different.
    pub tokens: Vec<Token>,
    /// Whether the user said in so many words that everybody may come in; then there is nothing else.
    pub no_auth: bool,
}

impl Auth {
    /// Whether everybody may come in.
    pub fn is_open(&self) -> bool {
        self.password.is_none() && self.tokens.is_empty()
    }
}

/// The password, as it was given.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    Plain(Secret),
    /// What `comfy-recall password` printed: an Argon2 hash in PHC form, checked.
    Hashed(String),
}

impl fmt::Debug for Password {
    /// Not even the hash, from which a short password can be guessed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Secret::REDACTED)
    }
}

/// A token that scripts may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the log calls it.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// The SHA-256 of it.
    pub hash: Digest,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.scope, Secret::REDACTED)
    }
}

/// What the bare token is called.
const BARE: &str = "default";

/// What visitors must show. A `no_auth` overrules what lower layers ask for, and is overruled by that of higher.
pub(super) fn auth(scalars: &mut Scalars<'_>) -> Result<Auth, Error> {
    let password = password(scalars)?;
    let tokens = tokens(scalars)?;
    if !scalars.value(Setting::NoAuth, text::switch)?.unwrap_or(false) {
        let tokens = tokens.into_iter().map(|(token, _)| token).collect();
        return Ok(Auth { password: password.map(|(password, _)| password), tokens, no_auth: false });
    }
    let no_auth = scalars.origins.of("no_auth").clone();
    let counts = |origin: &Origin| match origin.layer().cmp(&no_auth.layer()) {
        Ordering::Equal => Err(Error::Conflict { first: no_auth.clone(), second: origin.clone() }),
        other => Ok(other == Ordering::Greater),
    };
    let mut auth = Auth::default();
    if let Some((password, origin)) = password {
        auth.password = counts(origin)?.then_some(password);
    }
    for (token, origin) in tokens {
        auth.tokens.extend(counts(origin)?.then_some(token));
    }
    auth.no_auth = auth.is_open();
    Ok(auth)
}

fn password<'a>(scalars: &mut Scalars<'a>) -> Result<Option<(Password, &'a Origin)>, Error> {
    let spellings = [Setting::Password, Setting::PasswordFile, Setting::PasswordHash];
    let Some(given) = scalars.highest_of(&spellings)? else { return Ok(None) };
    let password = if given.setting == Setting::PasswordHash {
        credentials::check_hash(&given.text).map_err(|problem| given.is_wrong(problem))?;
        Password::Hashed(given.text.clone())
    } else {
        Password::Plain(scalars.secret(given)?)
    };
    Ok(Some((password, &given.origin)))
}

fn tokens<'a>(scalars: &mut Scalars<'a>) -> Result<Vec<(Token, &'a Origin)>, Error> {
    let mut tokens: Vec<(Token, &Origin)> = Vec::new();
    if let Some(given) = scalars.highest_of(&[Setting::Token, Setting::TokenFile])? {
        let token = scalars.secret(given)?;
        if token.expose().chars().count() < LEAST_TOKEN_CHARS {
            return Err(given.is_wrong(ValueProblem::Token));
        }
        let hash = credentials::hash_token(token.expose());
        tokens.push((Token { name: BARE.to_owned(), scope: Scope::Full, hash }, &given.origin));
    }
    for group in groups(scalars.givens, "token") {
        let given = |setting| group.iter().find(|given| given.setting == setting).copied();
        let (Some(name), Some(hash)) = (given(Setting::TokenName), given(Setting::TokenHash)) else { continue };
        let scope = given(Setting::TokenScope);
        let token = Token {
            name: name.read(text::token_name)?,
            scope: scope
                .map_or(Ok(Scope::Full), |scope| scope.read(|text| text.parse().map_err(|()| ValueProblem::Scope)))?,
            hash: hash.read(text::token_hash)?,
        };
        if tokens.iter().any(|(other, _)| other.name == token.name) {
            return Err(Error::SameToken { name: token.name, second: name.origin.clone() });
        }
        for given in [Some(name), scope, Some(hash)].into_iter().flatten() {
            let key = given.setting.spelling().plain_key().unwrap_or_default();
            scalars.origins.note(format!("token.{}.{key}", token.name), &given.origin);
        }
        tokens.push((token, &name.origin));
    }
    Ok(tokens)
}
