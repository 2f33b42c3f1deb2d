//! Opens every room, joins them, and closes them in order. A placeholder until the rooms are there.

use crate::config::Config;

/// Runs the daemon until it is told to stop.
pub fn run(config: Config) -> anyhow::Result<()> {
    anyhow::bail!("nothing to run yet on {}", config.listen)
}
