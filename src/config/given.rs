//! What the user gave, as text, with the place where it stood. Nothing is checked yet.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::model::InstanceName;

use super::environment::Environment;
use super::error::Error;
use super::origin::{Layer, Origin};
use super::problem::ValueProblem;
use super::secret::Secret;
use super::setting::{Setting, Shape, Spelling, nearest};
use super::text;

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

    /// Its value.
    pub(super) fn read<T>(&self, parse: impl FnOnce(&str) -> Result<T, ValueProblem>) -> Result<T, Error> {
        parse(&self.text).map_err(|problem| self.is_wrong(problem))
    }

    /// The error for a value that can't be used; shows nothing that could be a secret.
    pub(super) fn is_wrong(&self, problem: ValueProblem) -> Error {
        let text = match self.setting {
            Setting::ComfyuiUrl => text::shown_url(&self.text),
            Setting::ComfyuiHeader => text::shown_header(&self.text),
            Setting::CorsOrigin | Setting::WebhookUrl => text::shown_url(&self.text),
            Setting::Password
            | Setting::PasswordHash
            | Setting::Token
            | Setting::TokenHash
            | Setting::WebhookSecret
                if !self.text.is_empty() =>
            {
                Secret::REDACTED.to_owned()
            }
            _ => self.text.clone(),
        };
        Error::Value { origin: self.origin.clone(), text, problem }
    }

    /// The path that it names, absolute.
    pub(super) fn path(&self, environment: &Environment<'_>) -> Result<PathBuf, Error> {
        if self.text.is_empty() {
            return Err(self.is_wrong(ValueProblem::Empty));
        }
        text::path(&self.text, cfg!(windows)).map_err(|problem| self.is_wrong(problem))?;
        Ok(environment.absolute(self.origin.base(&environment.working_dir), &self.text))
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
