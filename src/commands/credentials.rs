//! `token` and `password`: what a configuration lets in. Neither needs one: without them there may be no good one yet.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::Context as _;
use console::Term;

use super::error::Error;
use super::terminal::Terminal;
use crate::cli::{Make, NewToken};
use crate::config::{self, Secret};
use crate::model::Scope;

/// Longer ones are no password, but a file that was meant for something else.
const MOST_BYTES: u64 = 1024;

/// Makes a part of a configuration and prints it.
///
/// # Errors
/// Each says what to do, but for [`Error::ReaderLeft`].
pub fn make(make: &Make, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    match make {
        Make::Token(wanted) => token(wanted, terminal)?,
        Make::Password => password(terminal)?,
    }
    Ok(terminal.out.flush()?)
}

fn token(wanted: &NewToken, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let scope: Scope = wanted.scope.parse().map_err(|()| Error::Usage("the scope must be read or full".to_owned()))?;
    let (token, table) = config::new_token(&wanted.name, scope).map_err(|error| Error::Usage(error.to_string()))?;
    let token = token.expose();
    write!(
        terminal.out,
        "The token, which is only shown this once:\n\n    {token}\n\n\
         To allow it, add this at the end of config.toml, and restart comfy-recall:\n\n{table}",
    )?;
    Ok(())
}

fn password(terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let password = if io::stdin().is_terminal() { typed()? } else { piped(io::stdin())? };
    let hash = config::hash_password(&Secret::from(password), None).context("hash the password")?;
    writeln!(terminal.out, "password_hash = \"{hash}\"")?;
    Ok(())
}

/// Asks twice, as nobody sees what they type.
fn typed() -> Result<String, Error> {
    let terminal = Term::stderr();
    let ask = |text: &str| {
        terminal.write_str(text)?;
        terminal.read_secure_line()
    };
    let first = ask("Password: ").context("read the password")?;
    if first.is_empty() {
        return Err(empty());
    }
    if ask("Password again: ").context("read the password")? != first {
        return Err(Error::Failed(anyhow::anyhow!("the passwords differ; try again")));
    }
    Ok(first)
}

/// All there is, without the line break at its end: as a file with a password is read.
fn piped(input: impl io::Read) -> Result<String, Error> {
    let mut text = String::new();
    input.take(MOST_BYTES + 2).read_to_string(&mut text).context("read the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    match password.len() as u64 {
        0 => Err(empty()),
        length if length > MOST_BYTES => {
            Err(Error::Failed(anyhow::anyhow!("the password is longer than {MOST_BYTES} bytes; choose a shorter one")))
        }
        _ => Ok(password.to_owned()),
    }
}

fn empty() -> Error {
    Error::Failed(anyhow::anyhow!("the password is empty; type one, or pass it on standard input"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(wanted: &Make) -> Result<String, Error> {
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            out: &mut out,
            notes: &mut notes,
            width: None,
            is_colored: false,
            has_display: false,
            is_watched: false,
        };
        make(wanted, &mut terminal)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_token_is_told_with_what_lets_it_in() {
        let wanted = |name: &str, scope: &str| Make::Token(NewToken { name: name.to_owned(), scope: scope.to_owned() });
        let told = made(&wanted("bot", "read")).unwrap();
        assert!(
            told.contains("\n    recall_") && told.contains("\n[[token]]\nname = \"bot\"\nscope = \"read\"\nhash = "),
            "{told}"
        );
        let Err(Error::Usage(line)) = made(&wanted("a b", "read")) else { panic!("a name with a blank") };
        assert_eq!(line, "token \"a b\": not a name for a token: use 1 to 64 letters, digits, '-', '_' or '.'");
    }

    #[test]
    fn a_password_from_a_pipe_loses_its_line_break_only() {
        assert_eq!(piped(&b" a b \r\n"[..]).unwrap(), " a b ");
        for wrong in [&b""[..], b"\n", &[b'a'; 2000], b"\xff\xfe"] {
            assert!(matches!(piped(wrong), Err(Error::Failed(_))));
        }
    }
}
