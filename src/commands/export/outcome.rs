//! What is said of an export at its end.

use std::path::PathBuf;

use anyhow::anyhow;

use crate::commands::error::Error;

/// What kept the export from being whole.
pub(super) fn outcome(differing: &[PathBuf], lost: &[String]) -> Result<(), Error> {
    let more = |number: usize| match number {
        1 => String::new(),
        number => format!(" and {} more", number - 1),
    };
    let differing = differing.first().map(|first| {
        let (first, more) = (first.display(), more(differing.len()));
        format!("{first}{more} exists and differs, so it was left alone; --force overwrites it")
    });
    let lost = lost.first().map(|first| {
        format!(
            "{first}{} couldn't be exported, since the saved copy is damaged or missing; see comfy-recall verify",
            more(lost.len())
        )
    });
    match [differing, lost].into_iter().flatten().collect::<Vec<_>>().join("; ") {
        said if said.is_empty() => Ok(()),
        said => Err(anyhow!(said).into()),
    }
}
