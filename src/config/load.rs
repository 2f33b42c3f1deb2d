//! From the layers to one configuration.

use super::effective::Effective;
use super::environment::Environment;
use super::error::Error;
use super::given::{self, Given};
use super::{file, merge};

/// Reads the layers below the flags, merges them and checks the whole.
pub fn load(flags: Vec<Given>, environment: &Environment<'_>) -> Result<Effective, Error> {
    let (variables, mut warnings) = given::from_environment(&environment.variables)?;
    let mut givens = flags;
    givens.extend(variables);
    let file = file::find(&givens, environment)?;
    if let Some((path, text)) = &file {
        givens.extend(file::read(path, text)?);
    }
    let (config, origins) = merge::merge(&givens, environment)?;
    warnings.extend(config.warning().map(ToOwned::to_owned));
    let file = file.map(|(path, _)| path);
    Ok(Effective { config, file, usual_file: environment.config_file.clone(), warnings, origins })
}
