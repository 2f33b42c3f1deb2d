//! `stop`: ends the daemon that uses the data folder, however it was started.

use std::time::Duration;

use super::{Error, Screen, threads};
use crate::config::Effective;
use crate::store;

/// The last files have ten seconds, then the writer has what it needs.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn stop(effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let folder = &effective.config.data_dir;
    let said = match threads()?.block_on(store::stop(folder, PATIENCE))? {
        true => "comfy-recall has stopped; its data folder is",
        false => "no comfy-recall is at work on the data folder",
    };
    writeln!(screen.out, "{said} {}", folder.display())?;
    Ok(())
}
