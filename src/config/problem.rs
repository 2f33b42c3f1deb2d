//! What is wrong with one value.

use http::header::HeaderName;

use crate::model::{ParseBasePathError, ParseIdError};

/// What is wrong with a value, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
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
    #[error("not a log format; use text or json")]
    LogFormat,
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
    #[error("it is empty; set a value or remove it")]
    Empty,
}
