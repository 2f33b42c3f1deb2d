//! A ComfyUI server, and where its files are.

use std::path::PathBuf;

use http::HeaderMap;
use url::Url;

use crate::model::InstanceName;

#[derive(Debug, Clone)]
pub struct ServerConfig {
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
    pub output: Option<PathBuf>,
    /// Deleted when ComfyUI starts and stops.
    pub temp: Option<PathBuf>,
    pub input: Option<PathBuf>,
}
