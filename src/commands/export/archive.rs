//! Into an archive: the same that the pages give.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use indicatif::ProgressBar;

use super::{Chosen, Source, arriving};
use crate::commands::numbers::count;
use crate::commands::{Error, Screen};
use crate::export::{self, Archive};
use crate::model::{GenerationId, shown_bytes};
use crate::search::Zone;

/// Written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Counts what passes, for the bar.
struct Counted<W> {
    inner: W,
    bytes: u64,
    bar: ProgressBar,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(piece)?;
        self.bytes += written as u64;
        self.bar.set_message(shown_bytes(self.bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a new archive. It has its name when it is whole; one that is there is left alone.
pub(super) fn write(source: &Source<'_>, chosen: Chosen, to: &Path, screen: &mut Screen<'_>) -> Result<(), Error> {
    if to.exists() {
        return Err(anyhow!("{} is there already; choose another name, or delete it first", to.display()).into());
    }
    let part = arriving(to);
    let mut lost = Vec::new();
    let written = fill(source, chosen, &part, &mut lost).and_then(|written| {
        rename_new(&part, to).context("give it its name")?;
        Ok(written)
    });
    source.bar.finish_and_clear();
    if written.is_err() {
        // What went wrong is said; that this is left too would not help anybody.
        let _ = fs::remove_file(&part);
    }
    let (runs, size) = written.with_context(|| format!("write {}", to.display()))?;
    writeln!(screen.out, "exported {} to {} ({})", count(runs, "run"), to.display(), shown_bytes(size))?;
    screen.out.flush()?;
    super::outcome(&[], &lost)
}

/// Writes a whole archive; gives how many runs are in it, and its length.
fn fill(source: &Source<'_>, mut chosen: Chosen, part: &Path, lost: &mut Vec<String>) -> anyhow::Result<(u64, u64)> {
    let counted = Counted { inner: File::create(part)?, bytes: 0, bar: source.bar.clone() };
    let out = BufWriter::with_capacity(BUFFER_BYTES, counted);
    let rooms = (source.store.clone(), source.blobs.clone());
    let clock = |at| Zone::default().local(at).naive_local();
    let mut archive = Archive::new(out, rooms, source.runtime.handle().clone(), clock, source.base);
    let is_one = chosen.is_one();
    let mut runs = 0;
    while let Some(ids) = chosen.next(source)? {
        for id in ids {
            let folder = if is_one { String::new() } else { format!("{id}/") };
            lost.extend(unsound(source, id)?);
            runs += u64::from(archive.add(id, &folder).with_context(|| format!("add run {id}"))?);
            source.bar.inc(1);
        }
    }
    let out = archive.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((runs, out.bytes))
}

/// The files of a run whose kept copy isn't what it should be, as far as its length tells.
fn unsound(source: &Source<'_>, id: GenerationId) -> anyhow::Result<Vec<String>> {
    let Some(outline) = source.runtime.block_on(source.store.outline(id))? else { return Ok(Vec::new()) };
    let is_unsound = |entry: &export::Entry| match entry.source {
        export::Source::Blob { digest, bytes } => {
            !fs::metadata(source.blobs.path(&digest)).is_ok_and(|kept| kept.len() == bytes)
        }
        _ => false,
    };
    let unsound = export::entries(&outline).into_iter().filter(is_unsound);
    Ok(unsound.map(|entry| format!("{} of run {id}", entry.name)).collect())
}

/// Gives a file its name, unless something got that name meanwhile.
fn rename_new(part: &Path, to: &Path) -> io::Result<()> {
    // Where links can't be made, this is all there is.
    match fs::hard_link(part, to) {
        Ok(()) => fs::remove_file(part),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::rename(part, to),
    }
}
