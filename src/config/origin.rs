//! Where a value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    Flag(&'static str),
    Variable(&'static str),
    Key {
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The key, with its table.
        key: String,
    },
}

/// The layers, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Default,
    File,
    Environment,
    Flags,
}

impl Origin {
    pub(super) fn layer(&self) -> Layer {
        match self {
            Self::Default => Layer::Default,
            Self::Key { .. } => Layer::File,
            Self::Variable(_) => Layer::Environment,
            Self::Flag(_) => Layer::Flags,
        }
    }

    /// What a relative path starts from: the file's own folder for what stands in the file.
    pub(super) fn base<'a>(&'a self, working_dir: &'a Path) -> &'a Path {
        match self {
            Self::Key { file, .. } => file.parent().unwrap_or(working_dir),
            _ => working_dir,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Key { file, line, key } => write!(f, "{}, line {line}, {key}", file.display()),
        }
    }
}

/// Where each value of a configuration came from, by key: `listen`, `comfyui.NAME.url`.
#[derive(Debug, Default)]
pub(super) struct ValueOrigins(BTreeMap<String, Origin>);

impl ValueOrigins {
    pub(super) fn note(&mut self, key: impl Into<String>, origin: &Origin) {
        self.0.insert(key.into(), origin.clone());
    }

    pub(super) fn of(&self, key: &str) -> &Origin {
        self.0.get(key).unwrap_or(&Origin::Default)
    }
}
