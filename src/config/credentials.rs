//! Hashes of what visitors show, and fresh tokens for them.
//!
//! A password is chosen by people and may be short: Argon2 makes each guess cost as much as it can bear. A token is 256
//! random bits, which nobody can try through at any speed: one SHA-256 of it tells as little, and costs a request
//! nothing.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _};
use argon2::{Argon2, Params};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::origin::Origin;
use super::problem::ValueProblem;
use super::secret::Secret;
use super::text;
use super::text::HASH_MARK;
use crate::model::{Digest, Scope};

/// What a token begins with, so that it can be found where it doesn't belong.
const TOKEN_MARK: &str = "recall_";

/// A password whose hash takes more memory than this, in KiB, is refused: each sign-in would.
const MOST_KIB: u32 = 256 * 1024;

/// More rounds than this make a sign-in take seconds.
const MOST_ROUNDS: u32 = 16;

/// The hash of a password, as `password_hash` takes it. Takes tens of milliseconds and 19 MiB. Without a salt, a random
/// one is made.
///
/// # Errors
/// When the system has no random numbers, or the password is longer than 4 GiB.
pub fn hash_password(password: &Secret, salt: Option<[u8; 16]>) -> Result<String, password_hash::Error> {
    let salt = salt.map_or_else(random, Ok)?;
    let hash: PasswordHash = Argon2::default().hash_password_with_salt(password.expose().as_bytes(), &salt)?;
    Ok(hash.to_string())
}

/// A token that nobody has yet, and the table for `config.toml` that lets it in.
///
/// # Errors
/// When the name is none, or the system has no random numbers.
pub fn new_token(name: &str, scope: Scope) -> Result<(Secret, String), Error> {
    let name = text::token_name(name).map_err(|problem| {
        let origin = Origin::Flag("token");
        Error::Value { origin, text: name.to_owned(), problem }
    })?;
    let half = || random().map_err(|_| Error::Random);
    let bits = [half()?, half()?].concat();
    let token = format!("{TOKEN_MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(bits));
    let hash = hash_token(&token);
    let table = format!("[[token]]\nname = \"{name}\"\nscope = \"{scope}\"\nhash = \"{HASH_MARK}{hash}\"\n");
    Ok((Secret::from(token), table))
}

/// What is kept of a token.
pub(super) fn hash_token(token: &str) -> Digest {
    Digest(Sha256::digest(token).into())
}

/// Whether a password can be compared with this, in a time and a memory that a sign-in may take.
pub(super) fn check_hash(hash: &str) -> Result<(), ValueProblem> {
    let hash = PasswordHash::new(hash).map_err(|_| ValueProblem::PasswordHash)?;
    let params = Params::try_from(&hash).map_err(|_| ValueProblem::PasswordHash)?;
    let is_bearable = params.m_cost() <= MOST_KIB && params.t_cost() <= MOST_ROUNDS;
    let is_whole = hash.algorithm.as_str().starts_with("argon2") && hash.salt.is_some() && hash.hash.is_some();
    if is_bearable && is_whole { Ok(()) } else { Err(ValueProblem::PasswordHash) }
}

fn random() -> Result<[u8; 16], password_hash::Error> {
    password_hash::try_generate_salt().map_err(|_| password_hash::Error::Crypto)
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;

    #[test]
    fn a_hash_is_one_that_the_password_fits_and_no_other_does() {
        let hash = hash_password(&Secret::from("correct horse".to_owned()), None).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(check_hash(&hash), Ok(()));
        let fits =
            |password: &str| Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(&hash).unwrap());
        assert!(fits("correct horse").is_ok() && fits("correct").is_err());
        assert_ne!(hash_password(&Secret::from("correct horse".to_owned()), None).unwrap(), hash);
    }

    #[test]
    fn what_is_no_bearable_hash_is_refused() {
        let whole = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(check_hash(whole), Ok(()));
        for bad in [
            "",
            "hunter2",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            &whole.replace("argon2id", "scrypt"),
            &whole.replace("19456", "4000000"),
            &whole.replace("t=2", "t=1000"),
        ] {
            assert_eq!(check_hash(bad), Err(ValueProblem::PasswordHash), "{bad}");
        }
    }

    #[test]
    fn every_token_is_another_and_its_table_names_its_hash() {
        let (token, table) = new_token("bot", Scope::Read).unwrap();
        let hash = hash_token(token.expose());
        assert_eq!(table, format!("[[token]]\nname = \"bot\"\nscope = \"read\"\nhash = \"sha256:{hash}\"\n"));
        assert_eq!(token.expose().len(), TOKEN_MARK.len() + 43);
        assert_ne!(new_token("bot", Scope::Read).unwrap().0.expose(), token.expose());
    }
}
