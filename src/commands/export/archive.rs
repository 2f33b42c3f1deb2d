//! Into an archive: the same that the pages give.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::{fs, iter};

use anyhow::{Context as _, anyhow};
use indicatif::ProgressBar;

use super::outcome::outcome;
use super::part::{arriving, make_part};
use super::source::{ChosenRuns, ExportSource};
use crate::commands::error::Error;
use crate::commands::numbers::count;
use crate::commands::terminal::Terminal;
use crate::export::{Added, Archive};
use crate::model::shown_bytes;
use crate::search::Zone;

/// What is shorter is gathered; pieces of files are longer, and go as they are.
const BUFFER_BYTES: usize = 64 << 10;

/// Counts what passes, for the bar.
struct CountingWriter<W> {
    inner: W,
    bytes: u64,
    bar: ProgressBar,
}

impl<W: Write> Write for CountingWriter<W> {
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
pub(super) fn write(
    source: &ExportSource<'_>,
    chosen: ChosenRuns,
    to: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    if to.exists() {
        return Err(anyhow!("{} already exists; choose another name, or delete it first", to.display()).into());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create the folder {}", folder.display()))?;
    }
    let part = arriving(to);
    let mut lost = Vec::new();
    let written = fill(source, chosen, &part, &mut lost).and_then(|written| {
        rename_new(&part, to).context("rename it")?;
        Ok(written)
    });
    source.bar.finish_and_clear();
    if written.is_err() {
        // What went wrong is said; that this is left too would not help anybody.
        let _ = fs::remove_file(&part);
    }
    let (runs, size) = written.with_context(|| format!("write {}", to.display()))?;
    writeln!(terminal.out, "exported {} to {} ({})", count(runs, "run"), to.display(), shown_bytes(size))?;
    terminal.out.flush()?;
    outcome(&[], &lost)
}

/// Writes a whole archive; gives how many runs are in it, and its length.
fn fill(
    source: &ExportSource<'_>,
    mut chosen: ChosenRuns,
    part: &Path,
    lost: &mut Vec<String>,
) -> anyhow::Result<(u64, u64)> {
    let counted = CountingWriter { inner: make_part(part)?, bytes: 0, bar: source.bar.clone() };
    let out = BufWriter::with_capacity(BUFFER_BYTES, counted);
    let rooms = (source.store.clone(), source.blobs.clone());
    let clock = |at| Zone::default().local(at).naive_local();
    let archive = Archive::new(rooms, source.runtime.handle().clone(), clock, source.base);
    let is_one = chosen.is_one();
    let pages = iter::from_fn(|| chosen.next(source).map_err(io::Error::other).transpose());
    let folder = |id| if is_one { String::new() } else { format!("{id}/") };
    let chosen = pages.flat_map(|page| match page {
        Ok(ids) => ids.into_iter().map(|id| Ok((id, folder(id)))).collect(),
        Err(error) => vec![Err(error)],
    });
    let mut runs = 0;
    let out = archive.write(out, chosen, |Added { id, lost: files }| {
        runs += 1;
        lost.extend(files.into_iter().map(|name| format!("{name} of run {id}")));
        source.bar.inc(1);
    })?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((runs, out.bytes))
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
