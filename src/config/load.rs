//! From the layers to one configuration.

use super::effective::Effective;
use super::error::Error;
use super::given::{self, Given};
use super::surroundings::Surroundings;
use super::{file, merge};

/// Reads the layers below the flags, merges them and checks the whole.
pub fn load(flags: Vec<Given>, surroundings: &Surroundings<'_>) -> Result<Effective, Error> {
    let (variables, mut warnings) = given::from_environment(&surroundings.variables)?;
    let mut givens = flags;
    givens.extend(variables);
    let file = file::find(&givens, surroundings)?;
    if let Some((path, text)) = &file {
        givens.extend(file::read(path, text)?);
    }
    let (config, origins) = merge::merge(&givens, surroundings)?;
    warnings.extend(config.warning().map(ToOwned::to_owned));
    let file = file.map(|(path, _)| path);
    Ok(Effective { config, file, usual_file: surroundings.config_file.clone(), warnings, origins })
}
