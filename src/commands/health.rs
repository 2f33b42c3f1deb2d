//! `health`: whether a daemon answers, for service managers and containers that have no other client.

use anyhow::anyhow;

use super::daemon::{absent, reachable};
use super::error::Error;
use super::history::base;
use super::terminal::Terminal;
use crate::browser;
use crate::config::Effective;

pub(super) fn health(effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let listen = reachable(effective)?;
    let base = base(effective);
    if let Some(line) = absent(browser::who(&listen, base)) {
        return Err(anyhow!("http://{listen}{base}/: {line}").into());
    }
    writeln!(terminal.out, "comfy-recall answers at http://{listen}{base}/")?;
    Ok(())
}
