//! The configuration: flags over environment over file, merged once and checked once.
//!
//! Each layer is read into a list of `Given` texts that remember where they stood; `merge` picks the highest of each
//! and turns it into a value. Nothing here reads the process's own environment but `Surroundings::of_process`.
//! Every error names the place of the mistake and says what to write instead.

mod access;
mod credentials;
mod error;
mod file;
mod given;
mod listen;
mod merge;
mod secret;
mod servers;
mod setting;
mod show;
mod surroundings;
mod text;
mod webhooks;

use std::path::PathBuf;

use http::HeaderMap;
use ipnet::IpNet;
use url::Url;

use crate::model::{BasePath, InstanceName};

pub use access::{Auth, Password, Token};
pub use credentials::{hash_password, new_token};
pub use error::{Error, Problem};
pub use given::{Given, Origin};
pub use listen::{Host, Listen};
pub use secret::Secret;
pub use setting::{Setting, Spelling};
pub use surroundings::Surroundings;
pub use webhooks::Webhook;

/// What the daemon was told, complete and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The ComfyUI servers to record: at least one, names and addresses all different.
    pub comfyui: Vec<Instance>,
    /// Ports of this machine where ComfyUI is looked for, as nobody said where it is: then `comfyui` holds the one that is
    /// assumed until one is found, with the folders that were given. Empty when it was said.
    pub looks_at: Vec<u16>,
    /// The folder that holds everything we keep; absolute.
    pub data_dir: PathBuf,
    /// Where to listen. Not loopback only if `auth` asks for something, or the user insisted.
    pub listen: Listen,
    /// Further names that a `Host` header may hold; lower case, without port.
    pub allowed_hosts: Vec<String>,
    /// The path below which everything is served.
    pub base_path: BasePath,
    /// Who may say for whom a request is.
    pub trusted_proxies: Vec<IpNet>,
    /// Whose pages may read here, beside those of the ComfyUI servers; each as `https://host` or `http://host:port`.
    pub cors_origins: Vec<String>,
    /// What a visitor must show.
    pub auth: Auth,
    /// Whether keys, tokens and passwords are replaced before anything is written.
    pub redact_secrets: bool,
    /// Further names that secrets are kept under.
    pub redact: Vec<String>,
    /// Names that only look as if they held secrets.
    pub redact_except: Vec<String>,
    /// What goes to the log.
    pub log: Log,
    /// Who is told when a run has ended.
    pub webhooks: Vec<Webhook>,
}

impl Config {
    /// What the user should hear, as it may not be what they meant.
    fn warning(&self) -> Option<&'static str> {
        let is_open_by_chance = self.auth.is_open() && !self.auth.no_auth;
        (is_open_by_chance && !self.trusted_proxies.is_empty()).then_some(
            "trusted_proxy is set, but neither a password nor a token: anyone who comes through the proxy can read the whole \
             history; set RECALL_PASSWORD or RECALL_TOKEN, or use --no-auth if the proxy handles authentication",
        )
    }
}

/// One ComfyUI server.
#[derive(Debug, Clone)]
pub struct Instance {
    /// What we call it.
    pub name: InstanceName,
    /// `http` or `https`, without user, password, query and fragment; the path ends with `/`, so that `join` works.
    pub url: Url,
    /// Sent with every request, the WebSocket's too; all flagged as sensitive. Holds the URL's user and password as Basic.
    pub headers: HeaderMap,
    /// Whether any certificate will do.
    pub accept_invalid_certs: bool,
    /// Where its files lie, if we share a disk.
    pub folders: Folders,
}

/// ComfyUI's folders on this machine; absolute, not checked to exist. `None`: fetch from the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// Kept by ComfyUI.
    pub output: Option<PathBuf>,
    /// Deleted when ComfyUI starts and stops.
    pub temp: Option<PathBuf>,
    /// What users uploaded.
    pub input: Option<PathBuf>,
}

/// What goes to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// The least important of our lines that is written.
    pub level: LogLevel,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

impl LogFormat {
    /// The word used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// How important a line of the log is, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something may need attention.
    Warn,
    /// Something happened.
    Info,
    /// How it happened.
    Debug,
    /// Every step of it.
    Trace,
}

impl LogLevel {
    /// Every level.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The word used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The configuration, and how it came about. Its `Display` is what `comfy-recall config` prints.
#[derive(Debug)]
pub struct Effective {
    /// The configuration.
    pub config: Config,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// Where one is read from if none is named.
    pub usual_file: Option<PathBuf>,
    /// What the user should hear but what stops nothing; for the log.
    pub warnings: Vec<String>,
    origins: merge::Origins,
}

/// Reads the layers below the flags, merges them and checks the whole.
pub fn load(flags: Vec<Given>, surroundings: &Surroundings<'_>) -> Result<Effective, Error> {
    let (variables, mut warnings) = given::from_environment(&surroundings.variables)?;
    let mut givens = flags;
    givens.extend(variables);
    let file = file::find(&givens, surroundings)?;
    if let Some((path, text)) = &file {
        givens.extend(file::read(path, text)?);
    }
    let (config, origins) = merge::merge(&givens, surroundings)?;
    warnings.extend(config.warning().map(ToOwned::to_owned));
    let file = file.map(|(path, _)| path);
    Ok(Effective { config, file, usual_file: surroundings.config_file.clone(), warnings, origins })
}

#[cfg(test)]
mod tests;
