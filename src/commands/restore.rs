//! `restore`: the records as they were before an update, while no daemon runs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Local};

use super::error::Error;
use super::numbers::count;
use super::terminal::Terminal;
use crate::cli::Restore;
use crate::config::Effective;
use crate::store::{self, Restored};

/// The copy of that name: here, or in the data folder.
fn find(named: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let here = std::path::absolute(named).context("find the copy")?;
    let known = folder.join(named);
    if here.exists() || !folder.is_dir() {
        return Ok(here);
    }
    if known.exists() {
        return Ok(known);
    }
    let copies: Vec<String> =
        store::copies(folder).iter().filter_map(|path| Some(path.file_name()?.display().to_string())).collect();
    let copies =
        if copies.is_empty() { "there are no copies".to_owned() } else { format!("copies: {}", copies.join(", ")) };
    Err(anyhow!("there is no {} here or in {}; {copies}", named.display(), folder.display()))
}

pub(super) fn restore(restore: &Restore, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let folder = &effective.config.data_dir;
    let from = restore.copy.as_deref().map(|named| find(named, folder)).transpose()?;
    let Restored { copy, runs, aside } = store::restore(folder, from.as_deref())?;
    let made = copy.made_at.map(|at| DateTime::<Local>::from(at).format(" of %Y-%m-%d %H:%M").to_string());
    let made = made.unwrap_or_default();
    writeln!(terminal.out, "restored {}{made}, with {}", copy.file.display(), count(runs, "run"))?;
    if let Some((path, runs)) = aside {
        let runs = runs.map(|runs| format!(", with {}", count(runs, "run"))).unwrap_or_default();
        writeln!(terminal.out, "the previous database is kept as {}{runs}", path.display())?;
    }
    writeln!(
        terminal.out,
        "files recorded since then are still in blobs, but belong to no run; runs that ComfyUI's history still holds are \
         recorded again at the next start"
    )?;
    Ok(())
}
