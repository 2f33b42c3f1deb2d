//! `export`: files of runs, with what belongs to them, out of the history into a folder or an archive.

mod archive;
mod folder;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::anyhow;
use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use super::numbers::count;
use super::show::no_run;
use super::{Error, Screen, narrow, read, threads, work};
use crate::blobs::Blobs;
use crate::cli::Export;
use crate::config::Effective;
use crate::model::{Filter, GenerationId, Limit, Start, shown_bytes};
use crate::store::Store;
use folder::{Done, Folder};

/// Runs that are told of together.
const AT_ONCE: usize = 16;

/// Where runs are taken from.
struct Source<'a> {
    store: Store,
    blobs: Blobs,
    runtime: Runtime,
    /// What stands before addresses.
    base: &'a str,
    bar: ProgressBar,
}

/// Which runs.
enum Chosen {
    These(Vec<GenerationId>),
    Filter(Box<Filter>, Start),
}

pub(super) fn export(export: &Export, effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
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
            (Chosen::Filter(Box::new(filter), Start::Newest), total)
        }
        false => {
            for id in &ids {
                runtime.block_on(store.outline(*id))?.ok_or_else(|| no_run(*id))?;
            }
            let total = ids.len() as u64;
            (Chosen::These(ids), total)
        }
    };
    let bar = work::runs_bar(screen, total);
    let blobs = Blobs::look(&effective.config.data_dir.join("blobs"));
    let source = Source { store, blobs, runtime, base: super::base(effective), bar };
    let is_archive = export.to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    if is_archive && !export.to.is_dir() {
        archive::write(&source, chosen, &export.to, screen)
    } else {
        into_folder(&source, chosen, export, screen)
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

fn into_folder(source: &Source<'_>, mut chosen: Chosen, export: &Export, screen: &mut Screen<'_>) -> Result<(), Error> {
    let folder = Folder::new(&export.to, export.force);
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
    writeln!(screen.out, "{said}")?;
    screen.out.flush()?;
    outcome(&done.differing, &done.lost)
}

/// What kept the export from being whole.
fn outcome(differing: &[std::path::PathBuf], lost: &[String]) -> Result<(), Error> {
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

impl Chosen {
    /// Some more of them, newest first; `None` when there are no more.
    fn next(&mut self, source: &Source<'_>) -> anyhow::Result<Option<Vec<GenerationId>>> {
        match self {
            Self::These(ids) if ids.is_empty() => Ok(None),
            Self::These(ids) => Ok(Some(std::mem::take(ids))),
            Self::Filter(filter, start) => {
                let page = source.runtime.block_on(source.store.list((**filter).clone(), *start, Limit::up_to(200)))?;
                let ids = page.items.iter().map(|run| run.id).collect();
                *self = match page.next {
                    Some(next) => Self::Filter(std::mem::take(filter), Start::Older(next)),
                    None => Self::These(Vec::new()),
                };
                Ok(Some(ids))
            }
        }
    }

    /// Whether it is one run, chosen by its number.
    fn is_one(&self) -> bool {
        matches!(self, Self::These(ids) if ids.len() == 1)
    }
}

/// The name under which a file arrives: ours, so that one that was broken off can be overwritten.
fn arriving(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A file system takes 255 bytes.
    let start = &name[..name.floor_char_boundary(200)];
    path.with_file_name(format!(".{start}.comfy-recall-part"))
}

/// Makes the file that arrives. What lies in its place, of an export that was broken off or of somebody else, is taken away
/// and never written into: it may be a link to elsewhere.
fn make_part(part: &Path) -> io::Result<File> {
    clear_part(part)?;
    File::create_new(part)
}

/// Takes away what lies in the place of a file that is to arrive.
fn clear_part(part: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
