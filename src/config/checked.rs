//! The configuration, complete and checked.

use std::path::PathBuf;

use ipnet::IpNet;

use super::access::Auth;
use super::instance::ServerConfig;
use super::listen::Listen;
use super::log::Log;
use super::webhooks::WebhookConfig;
use crate::model::BasePath;

/// What the daemon was told, complete and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The ComfyUI servers to record: at least one, names and addresses all different.
    pub comfyui: Vec<ServerConfig>,
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
    pub webhooks: Vec<WebhookConfig>,
}

impl Config {
    /// What the user should hear, as it may not be what they meant.
    pub(super) fn warning(&self) -> Option<&'static str> {
        let is_open_by_chance = self.auth.is_open() && !self.auth.no_auth;
        (is_open_by_chance && !self.trusted_proxies.is_empty()).then_some(
            "trusted_proxy is set, but neither a password nor a token: anyone who comes through the proxy can read the whole \
             history; set RECALL_PASSWORD or RECALL_TOKEN, or use --no-auth if the proxy handles authentication",
        )
    }
}
