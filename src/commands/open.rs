//! `open`: the page of a run in the browser, or its address.

use anyhow::{Context as _, anyhow};

use super::health::absent;
use super::show::no_run;
use super::{Error, Screen, base, read, threads};
use crate::browser;
use crate::cli::Open;
use crate::config::{Effective, Listen};
use crate::model::GenerationId;

pub(super) fn open(open: &Open, effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let path = match open.id.map(GenerationId) {
        None => "/".to_owned(),
        Some(id) => {
            let store = read(effective)?;
            threads()?.block_on(store.outline(id))?.ok_or_else(|| no_run(id))?;
            format!("/g/{id}")
        }
    };
    let listen = reachable(effective)?;
    let address = format!("http://{listen}{}{path}", base(effective));
    writeln!(screen.out, "{address}")?;
    if let Some(line) = absent(browser::who(&listen, base(effective))) {
        return Ok(screen.warn(format_args!("{line}"))?);
    }
    if !open.print && screen.width.is_some() && screen.has_display {
        browser::open(&address).with_context(|| format!("open {address} in the browser"))?;
    }
    Ok(())
}

/// Where this machine reaches the daemon that the configuration speaks of.
pub(super) fn reachable(effective: &Effective) -> Result<Listen, Error> {
    let unknown = || anyhow!("the port is 0, so the actual one isn't known; give it with --listen");
    Ok(browser::reachable(&effective.config.listen).ok_or_else(unknown)?)
}
