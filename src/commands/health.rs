//! `health`: whether a daemon answers, for service managers and containers that have no other client.

use anyhow::anyhow;

use super::open::reachable;
use super::{Error, Screen, base};
use crate::browser::{self, There};
use crate::config::Effective;

/// What to do where no daemon answers.
pub(super) fn absent(there: There) -> Option<&'static str> {
    match there {
        There::Ours => None,
        There::Other => Some(
            "something else answers there, or comfy-recall with another --base-path; say with --listen where it listens",
        ),
        There::Nobody => Some("nobody answers there; start comfy-recall, or say with --listen where it listens"),
    }
}

pub(super) fn health(effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let listen = reachable(effective)?;
    let base = base(effective);
    if let Some(line) = absent(browser::who(&listen, base)) {
        return Err(anyhow!("http://{listen}{base}/: {line}").into());
    }
    writeln!(screen.out, "comfy-recall answers at http://{listen}{base}/")?;
    Ok(())
}
