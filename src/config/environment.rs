//! What the configuration depends on besides the flags, handed in so that tests need no process of their own.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;

/// The world as the configuration sees it.
pub struct Environment<'a> {
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

impl Environment<'static> {
    /// Those of this process.
    pub fn from_process() -> Result<Self, Error> {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let places = Places::of(Platform::OURS, home.as_deref(), |name| std::env::var_os(name));
        Ok(Self {
            variables: std::env::vars_os().collect(),
            working_dir: std::env::current_dir().map_err(Error::WorkingDir)?,
            home,
            config_file: places.config.map(|folder| folder.join("config.toml")),
            data_dir: places.data,
            read: &|path| std::fs::read_to_string(path),
        })
    }
}

/// Whose customs hold for where programs keep their things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    /// Linux and its like: the XDG base directory specification.
    Xdg,
    MacOs,
    Windows,
}

impl Platform {
    const OURS: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Xdg
    };
}

/// Our folders, where they can be told.
#[derive(Debug, PartialEq, Eq)]
struct Places {
    config: Option<PathBuf>,
    data: Option<PathBuf>,
}

impl Places {
    /// By the platform's variables where they hold a whole path, else below the home folder.
    fn of(platform: Platform, home: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let base = |name, below: &str| {
            let told = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
            told.or_else(|| home.map(|home| home.join(below)))
        };
        match platform {
            Platform::Xdg => Self {
                config: base("XDG_CONFIG_HOME", ".config").map(|base| base.join("comfy-recall")),
                data: base("XDG_DATA_HOME", ".local/share").map(|base| base.join("comfy-recall")),
            },
            Platform::MacOs => {
                let support = home.map(|home| home.join("Library/Application Support/comfy-recall"));
                Self { config: support.clone(), data: support }
            }
            Platform::Windows => Self {
                config: base("APPDATA", "AppData/Roaming").map(|base| base.join("comfy-recall").join("config")),
                data: base("LOCALAPPDATA", "AppData/Local").map(|base| base.join("comfy-recall").join("data")),
            },
        }
    }
}

impl Environment<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn places(platform: Platform, home: Option<&str>, variables: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        let places = Places::of(platform, home.map(Path::new), variable);
        let text = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        (text(places.config), text(places.data))
    }

    #[test]
    fn each_platform_has_places_of_its_own() {
        let told = |config: &str, data: &str| (Some(config.to_owned()), Some(data.to_owned()));
        let (home, none) = (Some("/home/ann"), &[][..]);
        let xdg = told("/home/ann/.config/comfy-recall", "/home/ann/.local/share/comfy-recall");
        assert_eq!(places(Platform::Xdg, home, none), xdg);
        let mac = "/home/ann/Library/Application Support/comfy-recall";
        assert_eq!(places(Platform::MacOs, home, none), told(mac, mac));
        let windows = "/home/ann/AppData/Roaming/comfy-recall/config";
        assert_eq!(places(Platform::Windows, home, none), told(windows, "/home/ann/AppData/Local/comfy-recall/data"));
        assert_eq!(places(Platform::Xdg, None, none), (None, None));
    }

    #[test]
    fn a_variable_of_the_platform_goes_before_the_home_folder_when_it_is_a_whole_path() {
        let variables = [("XDG_DATA_HOME", "/big"), ("XDG_CONFIG_HOME", "not/whole")];
        let (config, data) = places(Platform::Xdg, Some("/home/ann"), &variables);
        assert_eq!(config.as_deref(), Some("/home/ann/.config/comfy-recall"));
        assert_eq!(data.as_deref(), Some("/big/comfy-recall"));
        let variables = [("LOCALAPPDATA", "/local"), ("XDG_DATA_HOME", "/big")];
        assert_eq!(places(Platform::Windows, None, &variables), (None, Some("/local/comfy-recall/data".to_owned())));
    }
}
