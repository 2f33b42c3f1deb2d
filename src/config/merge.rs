//! From what the layers give to one configuration: the highest layer that speaks of a setting wins.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::servers::servers;
use super::{Auth, Config, Error, Given, Listen, Log, LogFormat, LogLevel, Origin, Problem, Secret, Setting};
use super::{Surroundings, text};

/// Where each value of a configuration came from, by key: `listen`, `comfyui.NAME.url`.
#[derive(Debug, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    pub(super) fn note(&mut self, key: impl Into<String>, origin: &Origin) {
        self.0.insert(key.into(), origin.clone());
    }

    pub(super) fn of(&self, key: &str) -> &Origin {
        self.0.get(key).unwrap_or(&Origin::Default)
    }
}

/// Merges what was given, highest layer first, and checks it.
pub(super) fn merge(givens: &[Given], surroundings: &Surroundings<'_>) -> Result<(Config, Origins), Error> {
    let mut origins = Origins::default();
    let comfyui = servers(givens, surroundings, &mut origins)?;
    let mut scalars = Scalars { givens, surroundings, origins: &mut origins };
    let listen: Listen = scalars.value(Setting::Listen, str::parse)?.unwrap_or_else(default_listen);
    let allowed_hosts = scalars.allowed_hosts()?;
    let data_dir = scalars.path(Setting::DataDir)?.or_else(|| surroundings.data_dir.clone()).ok_or(Error::NoDataDir)?;
    let redact_secrets = !scalars.value(Setting::NoRedact, text::switch)?.unwrap_or(false);
    let format = scalars.value(Setting::LogFormat, text::log_format)?.unwrap_or(LogFormat::Text);
    let level = scalars.value(Setting::LogLevel, text::log_level)?.unwrap_or(LogLevel::Info);
    let auth = scalars.auth()?;
    if auth.is_open() && !auth.no_auth && !listen.is_loopback() {
        return Err(Error::Unprotected { origin: origins.of("listen").clone(), listen });
    }
    let log = Log { format, level };
    Ok((Config { comfyui, data_dir, listen, allowed_hosts, auth, redact_secrets, log }, origins))
}

fn default_listen() -> Listen {
    Listen { host: super::Host::Ip([127, 0, 0, 1].into()), port: 8189 }
}

struct Scalars<'a> {
    givens: &'a [Given],
    surroundings: &'a Surroundings<'a>,
    origins: &'a mut Origins,
}

impl<'a> Scalars<'a> {
    fn highest(&mut self, setting: Setting) -> Option<&'a Given> {
        let given = self.givens.iter().find(|given| given.setting == setting)?;
        self.origins.note(setting.spelling().key?, &given.origin);
        Some(given)
    }

    fn value<T>(&mut self, setting: Setting, parse: fn(&str) -> Result<T, Problem>) -> Result<Option<T>, Error> {
        let Some(given) = self.highest(setting) else { return Ok(None) };
        parse(&given.text).map(Some).map_err(|problem| given.is_wrong(problem))
    }

    fn path(&mut self, setting: Setting) -> Result<Option<PathBuf>, Error> {
        self.highest(setting).map(|given| given.path(self.surroundings)).transpose()
    }

    fn allowed_hosts(&mut self) -> Result<Vec<String>, Error> {
        let Some(first) = self.highest(Setting::AllowHost) else { return Ok(Vec::new()) };
        let all = self.givens.iter().filter(|given| given.setting == Setting::AllowHost);
        let of_layer = all.filter(|given| given.layer() == first.layer());
        of_layer.map(|given| text::host_name(&given.text).map_err(|problem| given.is_wrong(problem))).collect()
    }

    /// What visitors must show. A `no_auth` overrules the secrets of lower layers, and is overruled by those of higher.
    fn auth(&mut self) -> Result<Auth, Error> {
        let password = self.secret(Setting::Password, Setting::PasswordFile)?;
        let token = self.secret(Setting::Token, Setting::TokenFile)?;
        if !self.value(Setting::NoAuth, text::switch)?.unwrap_or(false) {
            let (password, token) = (password.map(|(secret, _)| secret), token.map(|(secret, _)| secret));
            return Ok(Auth { password, token, no_auth: false });
        }
        let no_auth = self.origins.of("no_auth");
        let mut auth = Auth::default();
        for (slot, secret) in [(&mut auth.password, password), (&mut auth.token, token)] {
            let Some((secret, origin)) = secret else { continue };
            match origin.layer().cmp(&no_auth.layer()) {
                Ordering::Greater => *slot = Some(secret),
                Ordering::Equal => return Err(Error::Conflict { first: no_auth.clone(), second: origin.clone() }),
                Ordering::Less => {}
            }
        }
        auth.no_auth = auth.is_open();
        Ok(auth)
    }

    /// A secret that stands in the configuration itself, or in a file that it names.
    fn secret(&mut self, inline: Setting, in_file: Setting) -> Result<Option<(Secret, &'a Origin)>, Error> {
        let (inline, in_file) = (self.highest(inline), self.highest(in_file));
        let given = match (inline, in_file) {
            (None, None) => return Ok(None),
            (Some(given), None) | (None, Some(given)) => given,
            (Some(inline), Some(in_file)) => match inline.layer().cmp(&in_file.layer()) {
                Ordering::Greater => inline,
                Ordering::Less => in_file,
                Ordering::Equal => {
                    return Err(Error::Conflict { first: inline.origin.clone(), second: in_file.origin.clone() });
                }
            },
        };
        let secret = match given.setting {
            Setting::PasswordFile | Setting::TokenFile => {
                let path = given.path(self.surroundings)?;
                let read = (self.surroundings.read)(&path);
                let text = read.map_err(|source| Error::Read { origin: given.origin.clone(), path, source })?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            _ => given.text.clone(),
        };
        if secret.is_empty() {
            return Err(given.is_wrong(Problem::Empty));
        }
        Ok(Some((Secret::from(secret), &given.origin)))
    }
}

impl Given {
    /// The error for a value that can't be used; shows nothing that could be a secret.
    pub(super) fn is_wrong(&self, problem: Problem) -> Error {
        let text = match self.setting {
            Setting::ComfyuiUrl => text::shown_url(&self.text),
            Setting::ComfyuiHeader => text::shown_header(&self.text),
            Setting::Password | Setting::Token if !self.text.is_empty() => Secret::REDACTED.to_owned(),
            _ => self.text.clone(),
        };
        Error::Value { origin: self.origin.clone(), text, problem }
    }

    /// The path that it names, absolute.
    pub(super) fn path(&self, surroundings: &Surroundings<'_>) -> Result<PathBuf, Error> {
        if self.text.is_empty() {
            return Err(self.is_wrong(Problem::Empty));
        }
        Ok(surroundings.absolute(self.origin.base(&surroundings.working_dir), &self.text))
    }
}
