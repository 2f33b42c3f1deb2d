//! The daemon that the configuration speaks of: where it listens, and what to do where it doesn't answer.

use anyhow::anyhow;

use super::error::Error;
use crate::browser::{self, There};
use crate::config::{Effective, Listen};

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

/// Where this machine reaches the daemon that the configuration speaks of.
pub(super) fn reachable(effective: &Effective) -> Result<Listen, Error> {
    let unknown = || anyhow!("the port is 0, so the actual one isn't known; give it with --listen");
    Ok(browser::reachable(&effective.config.listen).ok_or_else(unknown)?)
}
