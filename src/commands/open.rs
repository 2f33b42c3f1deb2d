//! `open`: the page of a run in the browser, or its address.

use anyhow::Context as _;

use super::daemon::{absent, reachable};
use super::error::Error;
use super::history::{base, read, threads};
use super::show::no_run;
use super::terminal::Terminal;
use crate::browser;
use crate::cli::OpenArguments;
use crate::config::Effective;
use crate::model::GenerationId;

pub(super) fn open(open: &OpenArguments, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
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
    writeln!(terminal.out, "{address}")?;
    if let Some(line) = absent(browser::who(&listen, base(effective))) {
        return Ok(terminal.warn(format_args!("{line}"))?);
    }
    if !open.print && terminal.width.is_some() && terminal.has_display {
        browser::open(&address).with_context(|| format!("open {address} in the browser"))?;
    }
    Ok(())
}
