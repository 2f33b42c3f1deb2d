//! What can be wrong with a configuration. Every message is one line that names the place and says what to do.

use std::path::PathBuf;
use std::{fmt, io};

use crate::model::InstanceName;

use super::listen::Listen;
use super::origin::Origin;
use super::problem::ValueProblem;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that can't be used. `text` holds no secret.
    #[error("{origin} {}: {problem}", Quoted(text))]
    Value {
        origin: Origin,
        /// The value, as far as it may be shown.
        text: String,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// A value of another type than the file needs.
    #[error("{origin}: {found} isn't valid here; {expected}")]
    Type { origin: Origin, found: &'static str, expected: &'static str },
    /// A key that the file may not hold.
    #[error("{origin}: not a known key; {advice}")]
    UnknownKey {
        origin: Origin,
        /// The nearest known key, or all of them.
        advice: String,
    },
    /// A variable that is nearly one of ours.
    #[error("{name}: not a known variable; did you mean {nearest}?")]
    UnknownVariable {
        name: String,
        /// The one that was probably meant.
        nearest: &'static str,
    },
    /// A variable whose value isn't text.
    #[error("{variable}: not valid UTF-8; write it in UTF-8")]
    NotUnicode { variable: &'static str },
    /// The file isn't TOML.
    #[error("{}, line {line}: not valid TOML: {message}", file.display())]
    Syntax {
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The parser's words, which quote nothing from the file.
        message: String,
    },
    /// A file that can't be read.
    #[error("{origin} {}: can't be read; check the path and its permissions", Quoted(&path.to_string_lossy()))]
    Read {
        /// Where it was named.
        origin: Origin,
        path: PathBuf,
        source: io::Error,
    },
    /// Two values that exclude each other.
    #[error("{first} and {second}: only one of them can be set; remove one")]
    Conflict {
        /// Where the first stood.
        first: Origin,
        /// Where the second stood.
        second: Origin,
    },
    /// Two servers of one name.
    #[error("{second}: there is another ComfyUI named {}; give each its own name, as NAME=URL or name = \"NAME\"", Quoted(name.as_str()))]
    SameName {
        name: InstanceName,
        /// Where the second stood.
        second: Origin,
    },
    /// Two servers at one address.
    #[error("{second} {}: this is also the address of {}; list every ComfyUI once", Quoted(url), Quoted(first.as_str()))]
    SameUrl {
        url: String,
        /// The server that has it already.
        first: InstanceName,
        /// Where the second stood.
        second: Origin,
    },
    /// Something for a server that doesn't exist.
    #[error("{origin}: no ComfyUI is named {}; known: {known}; check the name, or give its address too", Quoted(name.as_str()))]
    UnknownServer {
        origin: Origin,
        name: InstanceName,
        /// The names that exist.
        known: String,
    },
    /// Something for a server, but not for which.
    #[error("{origin}: it doesn't say for which ComfyUI; use NAME= with one of {known}")]
    WhichServer {
        origin: Origin,
        /// The names that exist.
        known: String,
    },
    /// The same thing twice for one server.
    #[error("{origin}: given twice for ComfyUI {}; remove one", Quoted(name.as_str()))]
    Twice {
        /// Where the second stood.
        origin: Origin,
        name: InstanceName,
    },
    /// A table of the file that says nothing but a name.
    #[error("{origin}: this ComfyUI has no address; add url = \"http://127.0.0.1:8188\"")]
    NoUrl {
        /// Where the table starts.
        origin: Origin,
    },
    /// A table of the file that lacks something.
    #[error("{origin}: {advice}")]
    Incomplete {
        /// Where the table starts.
        origin: Origin,
        /// What is missing, and what to do.
        advice: &'static str,
    },
    /// Two tokens of one name.
    #[error(
        "{second}: there is another token named {}; give each its own name, to tell them apart in the log",
        Quoted(name)
    )]
    SameToken {
        name: String,
        /// Where the second stood.
        second: Origin,
    },
    /// Everybody could come in.
    #[error(
        "{origin} {}: other machines would have access without a password; set RECALL_PASSWORD or RECALL_TOKEN (or use --password-file or --token-file), or use --no-auth",
        Quoted(&listen.to_string())
    )]
    Unprotected {
        /// Where the address stood.
        origin: Origin,
        listen: Listen,
    },
    /// Nowhere to keep data.
    #[error("there is no home folder to keep the data in; use --data-dir DIR")]
    NoDataDir,
    /// Nothing to make a token of.
    #[error("the system provides no random numbers")]
    Random,
    /// The process stands in a folder that is gone.
    #[error("the current folder can't be found; start comfy-recall in another one")]
    WorkingDir(#[source] io::Error),
}

/// A text between quotation marks, on one line. Backslashes stay, they are what Windows paths are made of.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
        write!(f, "\"{}\"", self.0.chars().map(one_line).collect::<String>())
    }
}
