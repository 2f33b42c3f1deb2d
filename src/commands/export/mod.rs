//! `export`: files of runs, with what belongs to them, out of the history into a folder or an archive.

mod archive;
mod folder;
mod outcome;
mod part;
mod source;

use std::collections::HashSet;

use anyhow::anyhow;

use super::error::Error;
use super::history::{read, threads};
use super::numbers::count;
use super::show::no_run;
use super::terminal::Terminal;
use super::{narrow, work};
use crate::blobs::Blobs;
use crate::cli::Export;
use crate::config::Effective;
use crate::model::{GenerationId, Start, shown_bytes};
use folder::{Done, ExportFolder};
use outcome::outcome;
use source::{ChosenRuns, ExportSource};

/// Runs that are told of together.
const AT_ONCE: usize = 16;

pub(super) fn export(export: &Export, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let narrow =
        narrow::narrow(("--query", export.query.as_deref()), ("--until", export.until.as_deref()), &export.narrowing)?;
    let (store, runtime) = (read(effective)?, threads()?);
    let mut known = HashSet::new();
    let ids: Vec<_> = export.ids.iter().copied().map(GenerationId).filter(|id| known.insert(*id)).collect();
    let (chosen, total) = match ids.is_empty() {
        true => {
            let filter = narrow.filter();
            runtime.block_on(narrow::know_server(&store, &narrow))?;
            let total = runtime.block_on(store.count(filter.clone()))?;
            if total == 0 {
                return Err(nothing(export).into());
            }
            (ChosenRuns::Filter(Box::new(filter), Start::Newest), total)
        }
        false => {
            for id in &ids {
                runtime.block_on(store.outline(*id))?.ok_or_else(|| no_run(*id))?;
            }
            let total = ids.len() as u64;
            (ChosenRuns::These(ids), total)
        }
    };
    let bar = work::runs_bar(terminal, total);
    let blobs = Blobs::look(&effective.config.data_dir.join("blobs"));
    let source = ExportSource { store, blobs, runtime, base: super::history::base(effective), bar };
    let is_archive = export.to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    if is_archive && !export.to.is_dir() {
        archive::write(&source, chosen, &export.to, terminal)
    } else {
        into_folder(&source, chosen, export, terminal)
    }
}

/// Why there is nothing to export.
fn nothing(export: &Export) -> anyhow::Error {
    let query = export.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    let is_narrow = export.until.is_some() || export.narrowing.given().any(|(_, name, _)| name != "tz");
    match (query, is_narrow) {
        (Some(query), false) => anyhow!("nothing matches {query}"),
        (Some(query), true) => anyhow!("nothing matches {query} together with the other options"),
        (None, true) => anyhow!("nothing matches these options"),
        (None, false) => anyhow!("nothing has been recorded yet"),
    }
}

fn into_folder(
    source: &ExportSource<'_>,
    mut chosen: ChosenRuns,
    export: &Export,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    let folder = ExportFolder::new(&export.to, export.force);
    let mut done = Done::default();
    while let Some(ids) = chosen.next(source)? {
        for ids in ids.chunks(AT_ONCE) {
            let added = work::each(ids, |id| {
                let added = folder.add(source, *id);
                source.bar.inc(1);
                added
            });
            added.into_iter().try_for_each(|added| added.map(|added| done.add(added)))?;
            source.bar.set_message(shown_bytes(done.bytes));
        }
    }
    source.bar.finish_and_clear();
    let mut said = format!("exported {} to {}", count(done.runs, "run"), export.to.display());
    said += &format!(": {} ({})", count(done.files, "file"), shown_bytes(done.bytes));
    if done.were_there > 0 {
        said += &format!(", {} already there", done.were_there);
    }
    writeln!(terminal.out, "{said}")?;
    terminal.out.flush()?;
    outcome(&done.differing, &done.lost)
}
