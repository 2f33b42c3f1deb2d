//! From what the layers give to one configuration: the highest layer that speaks of a setting wins.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::servers::{ports_to_look_at, servers};
use super::{Config, Error, Given, Listen, Log, LogFormat, LogLevel, Origin, Problem, Secret, Setting};
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
    let allowed_hosts = scalars.list(Setting::AllowHost, text::host_name)?;
    let base_path =
        scalars.value(Setting::BasePath, |text| text.parse().map_err(Problem::BasePath))?.unwrap_or_default();
    let trusted_proxies = scalars.list(Setting::TrustedProxy, text::net)?;
    let cors_origins = scalars.list(Setting::CorsOrigin, text::origin)?;
    let data_dir = scalars.path(Setting::DataDir)?.or_else(|| surroundings.data_dir.clone()).ok_or(Error::NoDataDir)?;
    let redact_secrets = !scalars.value(Setting::NoRedact, text::switch)?.unwrap_or(false);
    let redact = scalars.list(Setting::Redact, text::secret_name)?;
    let redact_except = scalars.list(Setting::RedactExcept, text::secret_name)?;
    let format = scalars.value(Setting::LogFormat, text::log_format)?.unwrap_or(LogFormat::Text);
    let level = scalars.value(Setting::LogLevel, text::log_level)?.unwrap_or(LogLevel::Info);
    let auth = scalars.auth()?;
    let webhooks = scalars.webhooks(&comfyui)?;
    if auth.is_open() && !auth.no_auth && !listen.is_loopback() {
        return Err(Error::Unprotected { origin: origins.of("listen").clone(), listen });
    }
    let log = Log { format, level };
    let config = Config {
        comfyui,
        looks_at: ports_to_look_at(givens),
        data_dir,
        listen,
        allowed_hosts,
        base_path,
        trusted_proxies,
        cors_origins,
        auth,
        redact_secrets,
        redact,
        redact_except,
        log,
        webhooks,
    };
    Ok((config, origins))
}

fn default_listen() -> Listen {
    Listen { host: super::Host::Ip([127, 0, 0, 1].into()), port: Listen::DEFAULT_PORT }
}

/// What stands once in a configuration, as it was given.
pub(super) struct Scalars<'a> {
    pub(super) givens: &'a [Given],
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) origins: &'a mut Origins,
}

impl<'a> Scalars<'a> {
    fn highest(&mut self, setting: Setting) -> Option<&'a Given> {
        let given = self.givens.iter().find(|given| given.setting == setting)?;
        self.origins.note(setting.spelling().key?, &given.origin);
        Some(given)
    }

    pub(super) fn value<T>(
        &mut self,
        setting: Setting,
        parse: fn(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.highest(setting) else { return Ok(None) };
        parse(&given.text).map(Some).map_err(|problem| given.is_wrong(problem))
    }

    fn path(&mut self, setting: Setting) -> Result<Option<PathBuf>, Error> {
        self.highest(setting).map(|given| given.path(self.surroundings)).transpose()
    }

    /// All that the highest layer says of a setting.
    fn list<T>(&mut self, setting: Setting, parse: fn(&str) -> Result<T, Problem>) -> Result<Vec<T>, Error> {
        let Some(first) = self.highest(setting) else { return Ok(Vec::new()) };
        let all = self.givens.iter().filter(|given| given.setting == setting);
        all.filter(|given| given.layer() == first.layer()).map(|given| given.read(parse)).collect()
    }

    /// The highest of several spellings of one thing.
    pub(super) fn highest_of(&mut self, settings: &[Setting]) -> Result<Option<&'a Given>, Error> {
        let mut best: Option<&Given> = None;
        for &setting in settings {
            let Some(given) = self.highest(setting) else { continue };
            match best.map(|best| best.layer().cmp(&given.layer())) {
                Some(Ordering::Equal) => {
                    let first = best.map_or(Origin::Default, |best| best.origin.clone());
                    return Err(Error::Conflict { first, second: given.origin.clone() });
                }
                Some(Ordering::Greater) => {}
                Some(Ordering::Less) | None => best = Some(given),
            }
        }
        Ok(best)
    }

    /// A secret that stands in the configuration itself, or in a file that it names.
    pub(super) fn secret(&self, given: &Given) -> Result<Secret, Error> {
        let secret = match given.setting {
            Setting::PasswordFile | Setting::TokenFile | Setting::WebhookSecretFile => {
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
        Ok(Secret::from(secret))
    }
}

/// What was given in the tables of one kind, table by table.
pub(super) fn groups<'a>(givens: &'a [Given], kind: &str) -> Vec<Vec<&'a Given>> {
    let mut groups: BTreeMap<usize, Vec<&Given>> = BTreeMap::new();
    for given in givens.iter().filter(|given| given.setting.spelling().table() == Some(kind)) {
        groups.entry(given.table).or_default().push(given);
    }
    groups.into_values().collect()
}

impl Given {
    /// Its value.
    pub(super) fn read<T>(&self, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Result<T, Error> {
        parse(&self.text).map_err(|problem| self.is_wrong(problem))
    }

    /// The error for a value that can't be used; shows nothing that could be a secret.
    pub(super) fn is_wrong(&self, problem: Problem) -> Error {
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
    pub(super) fn path(&self, surroundings: &Surroundings<'_>) -> Result<PathBuf, Error> {
        if self.text.is_empty() {
            return Err(self.is_wrong(Problem::Empty));
        }
        text::path(&self.text, cfg!(windows)).map_err(|problem| self.is_wrong(problem))?;
        Ok(surroundings.absolute(self.origin.base(&surroundings.working_dir), &self.text))
    }
}
