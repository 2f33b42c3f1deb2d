//! `backup`: everything that can't be made again, as of one moment, into a folder on which a daemon can start.
//!
//! First the database is copied, as it is at one moment; then the files that the copy names, which are all there: a file
//! is durable before a row names it. Last the copy gets its name.

use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, anyhow};

use super::error::Error;
use super::numbers::{count, duration};
use super::terminal::Terminal;
use super::work;
use crate::blobs::{self, Adopted, Blobs};
use crate::cli::Backup;
use crate::config::Effective;
use crate::model::{Digest, shown_bytes};
use crate::store::{self, Inspector, Vault};

/// Files that are looked up at once.
const AT_ONCE: u32 = 512;

/// What was done with the files.
#[derive(Debug, Default)]
struct Copied {
    files: u64,
    bytes: u64,
    were_there: u64,
    broken: Vec<Digest>,
}

pub(super) fn backup(backup: &Backup, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let start = Instant::now();
    let data = &effective.config.data_dir;
    let to = std::path::absolute(&backup.dir).with_context(|| format!("back up to {}", backup.dir.display()))?;
    if is_same(data, &to) {
        return Err(Error::Usage(format!("{} is the data folder itself; choose another folder", to.display())));
    }
    let source = Inspector::open(data)?;
    if is_within(data, &to) {
        return Err(Error::Usage(format!(
            "{} is inside the data folder; choose a folder outside it, preferably on another disk",
            to.display()
        )));
    }
    let vault = Vault::open(&to).map_err(|error| unusable(error, &to))?;
    let copy = vault.copy(&source).map_err(|error| told(error.is_full(), error, &to))?;
    let blob_error = |error: blobs::Error| told(error.is_full(), error, &to);
    let (from, into) = (Blobs::look(&data.join("blobs")), Blobs::open(&to.join("blobs")).map_err(blob_error)?);
    let copied = copy_files(&copy, &from, &into, terminal, blob_error)?;
    let runs = copy.runs()?;
    drop(copy);
    let records = vault.keep()?;
    let Copied { files, bytes: more, were_there, broken } = copied;
    let took = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    writeln!(
        terminal.out,
        "backed up {} to {}: {} of records, {} copied ({}), {were_there} already there, in {}",
        count(runs, "run"),
        to.display(),
        shown_bytes(records),
        count(files, "file"),
        shown_bytes(more),
        duration(took)
    )?;
    match broken.first() {
        None => Ok(()),
        Some(first) => Err(anyhow!(
            "{} couldn't be backed up, since the saved copy is damaged or missing (the first is {first}); everything else \
             is in the backup; see comfy-recall verify",
            count(broken.len() as u64, "file")
        )
        .into()),
    }
}

/// Why the folder of the backup can't be used: what is said of a data folder elsewhere is said of it.
fn unusable(error: store::Error, to: &Path) -> anyhow::Error {
    let to = to.display();
    match error {
        store::Error::NotWritable { source, .. } => anyhow!(
            "the backup folder {to} can't be written to ({source}); give this user write permission, or choose another folder"
        ),
        store::Error::NotAFolder { .. } => {
            anyhow!("the backup folder {to} isn't a folder, or is below a file; choose another folder")
        }
        store::Error::InUse { .. } => {
            anyhow!("{to} is in use by another comfy-recall or another backup; choose another folder")
        }
        error => error.into(),
    }
}

/// What went wrong with the folder of the backup, and not with what is backed up.
fn told(is_full: bool, error: impl std::error::Error + Send + Sync + 'static, to: &Path) -> anyhow::Error {
    let error = anyhow::Error::new(error);
    let to = to.display();
    match is_full {
        true => anyhow!("the disk with {to} is full; free up space or choose another folder, and back up again"),
        false => error.context(format!("back up to {to}")),
    }
}

fn copy_files(
    copy: &Inspector,
    from: &Blobs,
    into: &Blobs,
    terminal: &Terminal<'_>,
    told: impl Fn(blobs::Error) -> anyhow::Error,
) -> Result<Copied, Error> {
    let bar = work::bytes_bar(terminal, copy.kept()?.1);
    let mut copied = Copied::default();
    let mut after = 0;
    loop {
        let files = copy.files(after, AT_ONCE)?;
        let Some(last) = files.last() else { break };
        after = last.id;
        let adopted = work::each(&files, |file| {
            let adopted = into.adopt(from, &file.digest, file.bytes);
            bar.inc(file.bytes);
            adopted
        });
        for (file, adopted) in files.iter().zip(adopted) {
            match adopted.map_err(&told)? {
                Adopted::WasThere => copied.were_there += 1,
                Adopted::Copied => {
                    copied.files += 1;
                    copied.bytes += file.bytes;
                }
                Adopted::Broken => copied.broken.push(file.digest),
            }
        }
    }
    bar.finish_and_clear();
    Ok(copied)
}

/// Whether one path lies within another, also where it isn't there yet.
fn is_within(folder: &Path, path: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let there = path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(folder))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| -> io::Result<_> { path.canonicalize() };
    one == other || real(one).ok().zip(real(other).ok()).is_some_and(|(one, other)| one == other)
}
