//! What can be wrong with a configuration. Every message is one line that names the place and says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use http::header::HeaderName;

use crate::model::{InstanceName, ParseBasePathError, ParseIdError};

use super::{Listen, Origin};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that can't be used. `text` holds no secret.
    #[error("{origin} {}: {problem}", Quoted(text))]
    Value {
        /// Where it stood.
        origin: Origin,
        /// The value, as far as it may be shown.
        text: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A value of another type than the file needs.
    #[error("{origin}: {found} isn't valid here; {expected}")]
    Type {
        /// Where it stood.
        origin: Origin,
        /// What it is.
        found: &'static str,
        /// What to write.
        expected: &'static str,
    },
    /// A key that the file may not hold.
    #[error("{origin}: not a known key; {advice}")]
    UnknownKey {
        /// Where it stood.
        origin: Origin,
        /// The nearest known key, or all of them.
        advice: String,
    },
    /// A variable that is nearly one of ours.
    #[error("{name}: not a known variable; did you mean {nearest}?")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The one that was probably meant.
        nearest: &'static str,
    },
    /// A variable whose value isn't text.
    #[error("{variable}: not valid UTF-8; write it in UTF-8")]
    NotUnicode {
        /// The variable.
        variable: &'static str,
    },
    /// The file isn't TOML.
    #[error("{}, line {line}: not valid TOML: {message}", file.display())]
    Syntax {
        /// The file.
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
        /// The file.
        path: PathBuf,
        /// Why not.
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
        /// The name.
        name: InstanceName,
        /// Where the second stood.
        second: Origin,
    },
    /// Two servers at one address.
    #[error("{second} {}: this is also the address of {}; list every ComfyUI once", Quoted(url), Quoted(first.as_str()))]
    SameUrl {
        /// The address.
        url: String,
        /// The server that has it already.
        first: InstanceName,
        /// Where the second stood.
        second: Origin,
    },
    /// Something for a server that doesn't exist.
    #[error("{origin}: no ComfyUI is named {}; known: {known}; check the name, or give its address too", Quoted(name.as_str()))]
    UnknownServer {
        /// Where it stood.
        origin: Origin,
        /// The name.
        name: InstanceName,
        /// The names that exist.
        known: String,
    },
    /// Something for a server, but not for which.
    #[error("{origin}: it doesn't say for which ComfyUI; use NAME= with one of {known}")]
    WhichServer {
        /// Where it stood.
        origin: Origin,
        /// The names that exist.
        known: String,
    },
    /// The same thing twice for one server.
    #[error("{origin}: given twice for ComfyUI {}; remove one", Quoted(name.as_str()))]
    Twice {
        /// Where the second stood.
        origin: Origin,
        /// The server.
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
        /// The name.
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
        /// The address.
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

/// What is wrong with a value, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No port to listen on.
    #[error("no port; use HOST:PORT, for example 127.0.0.1:8588")]
    NoPort,
    /// Not a number from 0 to 65535.
    #[error("not a port; use HOST:PORT, for example 127.0.0.1:8588")]
    Port,
    /// Neither address nor name.
    #[error(
        "not an address or host name; use HOST:PORT, for example 127.0.0.1:8588, or 0.0.0.0:8588 for all addresses"
    )]
    Host,
    /// An IPv6 address and perhaps a port.
    #[error("an IPv6 address needs brackets; use [ADDRESS]:PORT, for example [::1]:8588")]
    Brackets,
    /// Not a name of a machine.
    #[error("not a host name; use a name without scheme and port, for example recall.example.org")]
    HostName,
    /// Neither http nor https.
    #[error("not an http or https address; use http://HOST:PORT, for example http://127.0.0.1:8188")]
    Url,
    /// A port that nobody can listen on.
    #[error("not a port; use http://HOST:PORT, for example http://127.0.0.1:8188")]
    UrlPort,
    /// An IPv6 address without brackets.
    #[error("an IPv6 address needs brackets; use http://[ADDRESS]:PORT, for example http://[::1]:8188")]
    UrlBrackets,
    /// A query, which may be how a browser was let in.
    #[error(
        "an address can't contain a query; end it before the '?', and send a token from there as a header: \
         --comfyui-header 'Authorization: Bearer TOKEN', or headers in config.toml"
    )]
    UrlQuery,
    /// A fragment, which ComfyUI's page adds.
    #[error("an address can't contain a fragment; end it before the '#', which only marks a place in ComfyUI's page")]
    UrlFragment,
    /// A bad name for an instance.
    #[error(transparent)]
    InstanceName(ParseIdError),
    /// No colon, or a bad name.
    #[error("not a header; use 'Name: value', for example 'Authorization: Bearer TOKEN'")]
    Header,
    /// A value that no header can hold.
    #[error("a header's value can't contain control characters; remove them")]
    HeaderValue,
    /// A header that we need to set ourselves.
    #[error("comfy-recall sets {0} itself; remove it")]
    OurHeader(HeaderName),
    /// Neither yes nor no.
    #[error("neither yes nor no; use true or false")]
    Switch,
    /// Not a format.
    #[error("not a log format; use text or json")]
    LogFormat,
    /// Not a level.
    #[error("not a log level; use error, warn, info, debug or trace")]
    LogLevel,
    /// Not a path to stand below.
    #[error(transparent)]
    BasePath(ParseBasePathError),
    /// Neither an address nor a net.
    #[error("not an address or network; use one such as 127.0.0.1 or 10.0.0.0/8")]
    Proxy,
    /// Not an origin of pages.
    #[error("not an origin; use https://HOST or http://HOST:PORT, without a path; list each one separately")]
    Origin,
    /// Not a hash that a password can be compared with.
    #[error("not an Argon2 hash; use what comfy-recall password prints")]
    PasswordHash,
    /// Not a name for a token.
    #[error("not a name for a token: use 1 to 64 letters, digits, '-', '_' or '.'")]
    TokenName,
    /// Not the name of an input.
    #[error("not a name; use the name of an input, a header or a variable, up to 100 letters")]
    SecretName,
    /// An address in the place of a path.
    #[error("an address, not a path; write only the path, for example /home/ada/ComfyUI or C:\\ComfyUI")]
    FileUrl,
    /// A path of another system.
    #[error(
        "a Windows path, but this isn't Windows; write it as this system does, for example /mnt/c/ComfyUI in WSL, or \
         begin it with ./ if the folder is really called that"
    )]
    WindowsPath,
    /// Neither read nor full.
    #[error("not a scope; use read or full")]
    Scope,
    /// Too short not to be guessed.
    #[error("too short for a token; use one from comfy-recall token NAME, or at least 24 random characters")]
    Token,
    /// Not a hash of a token.
    #[error("not the hash of a token; use what comfy-recall token NAME prints")]
    TokenHash,
    /// Neither http nor https.
    #[error("not an http or https address without '#'; use one such as https://example.org/hooks/recall")]
    WebhookUrl,
    /// Too short to sign with.
    #[error("too short for a secret; use at least 24 random characters, or whsec_ and at least 24 bytes in base64")]
    WebhookSecret,
    /// Not a status that a run ends with.
    #[error("not a final status; use completed, failed, cancelled or lost")]
    WebhookStatus,
    /// Nothing there.
    #[error("it is empty; set a value or remove it")]
    Empty,
}

/// A text between quotation marks, on one line. Backslashes stay, they are what Windows paths are made of.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
        write!(f, "\"{}\"", self.0.chars().map(one_line).collect::<String>())
    }
}
