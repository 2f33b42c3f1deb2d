//! `stop`: ends the daemon that uses the data folder, however it was started.

use std::time::Duration;

use super::error::Error;
use super::history::{base, threads};
use super::terminal::Terminal;
use crate::config::Effective;
use crate::{browser, store};

/// The last files have ten seconds, then the writer has what it needs.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn stop(effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let folder = effective.config.data_dir.display();
    if threads()?.block_on(store::stop(&effective.config.data_dir, PATIENCE))? {
        writeln!(terminal.out, "comfy-recall has stopped; its data folder is {folder}")?;
        return Ok(());
    }
    writeln!(terminal.out, "no comfy-recall is running on the data folder {folder}")?;
    let base = base(effective);
    match browser::reachable(&effective.config.listen) {
        Some(listen) if browser::answers(&listen, base) => Ok(terminal.warn(format_args!(
            "one answers at http://{listen}{base}/, with another data folder: say with --data-dir which, or stop its service"
        ))?),
        _ => Ok(()),
    }
}
