//! What the user gave, as text, with the place where it stood. Nothing is checked yet.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::model::InstanceName;

use super::setting::{Shape, nearest};
use super::{Error, Setting, Spelling};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The command line.
    Flag(&'static str),
    /// The environment.
    Variable(&'static str),
    /// The configuration file.
    Key {
        /// Its path.
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

/// One value that the user gave. Has no `Debug`, as it may be a password.
pub struct Given {
    pub(super) setting: Setting,
    /// The server it is for, where it is for one and the user said which. Not checked.
    pub(super) server: Option<String>,
    /// Which of the file's tables of its kind it stands in, from 0.
    pub(super) table: usize,
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Given {
    pub(super) fn layer(&self) -> Layer {
        self.origin.layer()
    }

    /// From the command line, with the `NAME=` that what belongs to a server may start with.
    pub fn by_flag(setting: Setting, text: String) -> Self {
        Self::with_server(setting, text, setting.flag())
    }

    fn with_server(setting: Setting, text: String, origin: Origin) -> Self {
        if setting.spelling().is_of_server()
            && let (Some(server), rest) = split_name(&text)
        {
            return Self { setting, server: Some(server.to_owned()), table: 0, text: rest.to_owned(), origin };
        }
        Self { setting, server: None, table: 0, text, origin }
    }
}

/// Takes `[NAME=]VALUE` apart. What stands before the first `=` is a name only if it could be one, so neither
/// `http://host/?a=b` nor `C:\a=b` nor `./a=b` nor `X-Key: a=b` has a name.
fn split_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, rest)) if name.parse::<InstanceName>().is_ok() => (Some(name), rest),
        _ => (None, text),
    }
}

/// Reads our variables, and says which others look like ours. An empty one counts as not set.
///
/// A variable that is nearly one of ours is a slip of the pen and an error. Others are only worth a warning: Kubernetes
/// invents `RECALL_PORT` and friends for a service that is called `recall`.
pub(super) fn from_environment(variables: &[(OsString, OsString)]) -> Result<(Vec<Given>, Vec<String>), Error> {
    let known = || Spelling::ALL.iter().filter_map(|spelling| Some((spelling.variable?, spelling)));
    let mut givens = Vec::new();
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with("RECALL_")) else { continue };
        if let Some((name, spelling)) = known().find(|(known, _)| *known == name) {
            let value = value.to_str().ok_or(Error::NotUnicode { variable: name })?;
            givens.extend(
                split_values(spelling, value)
                    .map(|text| Given::with_server(spelling.setting, text.to_owned(), Origin::Variable(name))),
            );
            continue;
        }
        let name = name.to_owned();
        match nearest(&name, known().map(|(known, _)| known)) {
            Some(near) if strsim::damerau_levenshtein(&name, near) <= 2 => {
                return Err(Error::UnknownVariable { name, nearest: near });
            }
            _ => warnings.push(format!("{name} is set, but isn't an option of comfy-recall")),
        }
    }
    Ok((givens, warnings))
}

fn split_values<'a>(spelling: &Spelling, value: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
    let separator: fn(char) -> bool = match spelling.shape {
        Shape::Text | Shape::Switch => |_| false,
        Shape::Words => char::is_whitespace,
        Shape::Lines => |c| c == '\n' || c == '\r',
    };
    value.split(separator).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_an_equals_sign_inside_a_value() {
        for (text, name, rest) in [
            ("http://127.0.0.1:8188", None, "http://127.0.0.1:8188"),
            ("gpu=http://127.0.0.1:8188", Some("gpu"), "http://127.0.0.1:8188"),
            ("http://host/?a=b", None, "http://host/?a=b"),
            ("gpu=http://host/?a=b", Some("gpu"), "http://host/?a=b"),
            ("host:8188/?a=b", None, "host:8188/?a=b"),
            (r"C:\ComfyUI", None, r"C:\ComfyUI"),
            (r"C:\a=b", None, r"C:\a=b"),
            (r"gpu=C:\ComfyUI", Some("gpu"), r"C:\ComfyUI"),
            (r"studio=D:\ComfyUI\output", Some("studio"), r"D:\ComfyUI\output"),
            (r"D:\a=b\c=d", None, r"D:\a=b\c=d"),
            (r"\\server\share=x\ComfyUI", None, r"\\server\share=x\ComfyUI"),
            (r"nas=\\server\share", Some("nas"), r"\\server\share"),
            ("file:///C:/a=b", None, "file:///C:/a=b"),
            ("/data/a=b", None, "/data/a=b"),
            ("./a=b", None, "./a=b"),
            ("gpu=/data/a=b", Some("gpu"), "/data/a=b"),
            ("Authorization: Basic YQ==", None, "Authorization: Basic YQ=="),
            ("gpu=Authorization: Basic YQ==", Some("gpu"), "Authorization: Basic YQ=="),
            ("=x", None, "=x"),
        ] {
            assert_eq!(split_name(text), (name, rest), "{text}");
        }
    }
}
