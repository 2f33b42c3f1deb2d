//! `health`: whether a daemon answers, for service managers and containers that have no other client.

use anyhow::anyhow;

use super::open::reachable;
use super::{Error, Screen, base};
use crate::browser;
use crate::config::Effective;

pub(super) fn health(effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let listen = reachable(effective)?;
    let base = base(effective);
    if !browser::answers(&listen, base) {
        let line = "nobody answers there; start comfy-recall, or say with --listen where it listens";
        return Err(anyhow!("http://{listen}{base}/: {line}").into());
    }
    writeln!(screen.out, "comfy-recall answers at http://{listen}{base}/")?;
    Ok(())
}
