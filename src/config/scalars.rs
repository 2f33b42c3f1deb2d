//! What stands once in a configuration: the highest layer that speaks of a setting wins.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::environment::Environment;
use super::error::Error;
use super::given::Given;
use super::origin::{Origin, ValueOrigins};
use super::problem::ValueProblem;
use super::secret::Secret;
use super::setting::Setting;

/// What stands once in a configuration, as it was given.
pub(super) struct Scalars<'a> {
    pub(super) givens: &'a [Given],
    pub(super) environment: &'a Environment<'a>,
    pub(super) origins: &'a mut ValueOrigins,
}

impl<'a> Scalars<'a> {
    pub(super) fn highest(&mut self, setting: Setting) -> Option<&'a Given> {
        let given = self.givens.iter().find(|given| given.setting == setting)?;
        self.origins.note(setting.spelling().key?, &given.origin);
        Some(given)
    }

    pub(super) fn value<T>(
        &mut self,
        setting: Setting,
        parse: fn(&str) -> Result<T, ValueProblem>,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.highest(setting) else { return Ok(None) };
        parse(&given.text).map(Some).map_err(|problem| given.is_wrong(problem))
    }

    pub(super) fn path(&mut self, setting: Setting) -> Result<Option<PathBuf>, Error> {
        self.highest(setting).map(|given| given.path(self.environment)).transpose()
    }

    /// All that the highest layer says of a setting.
    pub(super) fn list<T>(
        &mut self,
        setting: Setting,
        parse: fn(&str) -> Result<T, ValueProblem>,
    ) -> Result<Vec<T>, Error> {
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
                let path = given.path(self.environment)?;
                let read = (self.environment.read)(&path);
                let text = read.map_err(|source| Error::Read { origin: given.origin.clone(), path, source })?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            _ => given.text.clone(),
        };
        if secret.is_empty() {
            return Err(given.is_wrong(ValueProblem::Empty));
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
