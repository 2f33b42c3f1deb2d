//! What the configuration depends on besides the flags, handed in so that tests need no process of their own.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::Error;

/// The world as the configuration sees it.
pub struct Surroundings<'a> {
    /// The environment; other variables than ours are ignored.
    pub variables: Vec<(OsString, OsString)>,
    /// What relative paths of flags and variables start from; absolute.
    pub working_dir: PathBuf,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// The configuration file to read if there is one and none is named.
    pub config_file: Option<PathBuf>,
    /// Where to keep data if nothing else is said.
    pub data_dir: Option<PathBuf>,
    /// Reads a file of text.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl Surroundings<'static> {
    /// Those of this process.
    pub fn of_process() -> Result<Self, Error> {
        let project = ProjectDirs::from("", "", "comfy-recall");
        Ok(Self {
            variables: std::env::vars_os().collect(),
            working_dir: std::env::current_dir().map_err(Error::WorkingDir)?,
            home: BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
            config_file: project.as_ref().map(|dirs| dirs.config_dir().join("config.toml")),
            data_dir: project.map(|dirs| dirs.data_local_dir().to_owned()),
            read: &|path| std::fs::read_to_string(path),
        })
    }
}

impl Surroundings<'_> {
    /// Makes a path absolute: `~` is the home folder, the rest starts from `base`.
    pub(super) fn absolute(&self, base: &Path, text: &str) -> PathBuf {
        let below_home = text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
        match (below_home, &self.home) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches(['/', '\\'])),
            _ => base.join(text),
        }
        .components()
        .collect()
    }
}
