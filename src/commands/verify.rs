//! `verify`: whether everything that is kept is what it was, and with `--repair` what can be done where it isn't.
//!
//! Repairs go file by file: the bad copy is moved out of the way, then the rows that name it say so and have it fetched
//! again. Broken off between the two, the file is missing, which the next repair takes from there. Nothing is deleted.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::error::Error;
use super::history::threads;
use super::numbers::count;
use super::terminal::{Style, Terminal, line};
use super::work;
use crate::blobs::{Blobs, Condition, FolderContents};
use crate::cli::Verify;
use crate::config::Effective;
use crate::model::{Cause, Digest, Folder, GenerationId, Trouble, shown_bytes};
use crate::store::{self, Fate, Inspector, KeptFile, NamedFile, Store};

/// Files that are looked up at once.
const AT_ONCE: u32 = 256;

/// A file so young may be one whose run is still being written down.
const YOUNG: Duration = Duration::from_secs(60 * 60);

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether nothing is broken.
    is_sound: bool,
    runs: u64,
    files: u64,
    bytes: u64,
    /// What SQLite finds wrong with the records.
    records: Vec<String>,
    broken: Vec<Broken>,
    orphans: Vec<Orphan>,
    /// Files that were being written, and nobody finished.
    left_over: u64,
    foreign: Vec<PathBuf>,
}

/// A file that isn't what it was.
#[derive(Debug, Serialize)]
struct Broken {
    sha256: Option<Digest>,
    problem: String,
    runs: Vec<NamedBy>,
    /// Where the bad copy is now.
    set_aside: Option<PathBuf>,
    #[serde(skip)]
    file: Option<KeptFile>,
    #[serde(skip)]
    named: Vec<NamedFile>,
}

/// A run that names a broken file.
#[derive(Debug, Serialize)]
struct NamedBy {
    id: GenerationId,
    filename: String,
    /// What was done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'static str>,
}

/// A file that no run names.
#[derive(Debug, Serialize)]
struct Orphan {
    sha256: Digest,
    bytes: u64,
    set_aside: Option<PathBuf>,
}

pub(super) fn verify(verify: &Verify, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let data = &effective.config.data_dir;
    // The lock first: nobody changes anything until the end.
    let mut repair = verify.repair.then(|| Repair::open(effective)).transpose()?;
    let blobs = Blobs::look(&data.join("blobs"));
    let inspector = Inspector::open(data).map_err(|error| opened(error, &blobs, data))?;
    let mut report = Report { runs: inspector.runs()?, records: inspector.findings()?, ..Report::default() };
    if report.records.is_empty() {
        check_files(&inspector, &blobs, &mut report, terminal)?;
        check_rows(&inspector, &mut report)?;
        check_folder(&inspector, &blobs, &mut report, repair.is_some())?;
    }
    drop(inspector);
    report.is_sound = report.records.is_empty() && report.broken.is_empty();
    if let Some(repair) = repair.take() {
        repair.run(&mut report, &blobs, data)?;
    }
    if verify.json {
        let json = serde_json::to_string(&report).context("write the report")?;
        terminal.json(&format!("{json}\n"))?;
    } else {
        report.write(terminal, verify.repair)?;
    }
    terminal.out.flush()?;
    report.outcome(verify.repair)
}

/// Why the records can't be looked at. No records beside files are lost ones.
fn opened(error: store::Error, blobs: &Blobs, data: &Path) -> anyhow::Error {
    let data = data.display();
    match error {
        store::Error::Nothing { .. } if blobs.has_any() => anyhow!(
            "the records are gone: recall.db is missing or empty in {data}, but there are saved files; restore a \
             backup with comfy-recall restore BACKUP/recall.db --data-dir {data}"
        ),
        error => error.into(),
    }
}

fn check_files(
    inspector: &Inspector,
    blobs: &Blobs,
    report: &mut Report,
    terminal: &Terminal<'_>,
) -> Result<(), Error> {
    let bar = work::bytes_bar(terminal, inspector.kept()?.1);
    let mut after = 0;
    loop {
        let files = inspector.files(after, AT_ONCE)?;
        let Some(last) = files.last() else { break };
        after = last.id;
        let conditions = work::each(&files, |file| {
            let condition = blobs.check(&file.digest, file.bytes);
            bar.inc(file.bytes);
            condition
        });
        for (file, condition) in files.into_iter().zip(conditions) {
            report.files += 1;
            report.bytes += file.bytes;
            if let Some(problem) = problem(&condition, file.bytes) {
                report.broken.push(Broken::new(Some(file), problem));
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn problem(condition: &Condition, bytes: u64) -> Option<String> {
    match condition {
        Condition::Sound => None,
        Condition::Missing => Some("the saved copy is missing".to_owned()),
        Condition::Cut(found) => Some(format!("the saved copy has {found} bytes instead of {bytes}")),
        Condition::Changed => Some("the saved copy has changed since it was written".to_owned()),
        Condition::Unreadable(error) => Some(format!("the saved copy can't be read: {error}")),
    }
}

/// Every row's file: those that name a broken one, and those that name none.
fn check_rows(inspector: &Inspector, report: &mut Report) -> Result<(), Error> {
    let broken: HashSet<i64> = report.broken.iter().filter_map(|broken| Some(broken.file?.id)).collect();
    for named in inspector.named(&broken)? {
        let place = report.broken.iter().position(|broken| named.digest.is_some() && broken.sha256 == named.digest);
        let place = place.unwrap_or_else(|| {
            report.broken.push(Broken::new(None, "the database doesn't have its digest".to_owned()));
            report.broken.len() - 1
        });
        let broken = &mut report.broken[place];
        let (id, filename) = (named.key.generation, named.file.filename.clone());
        broken.runs.push(NamedBy { id, filename, now: None });
        broken.named.push(named);
    }
    Ok(())
}

fn check_folder(inspector: &Inspector, blobs: &Blobs, report: &mut Report, is_alone: bool) -> Result<(), Error> {
    let now = SystemTime::now();
    let mut seen = Vec::new();
    let visited = blobs.each(|found| match found {
        FolderContents::File { digest, bytes, modified } => {
            let is_young = now.duration_since(modified).is_ok_and(|age| age < YOUNG);
            if is_alone || !is_young {
                seen.push(Orphan { sha256: digest, bytes, set_aside: None });
            }
        }
        FolderContents::Draft(_) => report.left_over += 1,
        FolderContents::Foreign(path) => report.foreign.push(path),
    });
    visited.context("check the files")?;
    for file in seen {
        if !inspector.has(file.sha256)? {
            report.orphans.push(file);
        }
    }
    Ok(())
}

impl Broken {
    fn new(file: Option<KeptFile>, problem: String) -> Self {
        let sha256 = file.map(|file| file.digest);
        Self { sha256, problem, runs: Vec::new(), set_aside: None, file, named: Vec::new() }
    }
}

/// The one who may change things.
struct Repair<'a> {
    store: Store,
    runtime: tokio::runtime::Runtime,
    effective: &'a Effective,
}

impl<'a> Repair<'a> {
    fn open(effective: &'a Effective) -> Result<Self, Error> {
        let data = &effective.config.data_dir;
        // A repair makes no history where there is none.
        Inspector::open(data)?;
        Ok(Self { store: Store::open(data).context("repair")?, runtime: threads()?, effective })
    }

    fn run(self, report: &mut Report, blobs: &Blobs, data: &Path) -> Result<(), Error> {
        let Self { store, runtime, effective } = self;
        if report.records.is_empty() {
            for broken in &mut report.broken {
                if let Some(file) = broken.file {
                    let aside = blobs.set_aside(&file.digest, &data.join("broken"));
                    broken.set_aside = aside.context("move a damaged file aside")?;
                }
                let fates = broken.fates(effective);
                runtime.block_on(store.give_up(broken.sha256, fates))?;
            }
            for orphan in &mut report.orphans {
                let aside = blobs.set_aside(&orphan.sha256, &data.join("orphans"));
                orphan.set_aside = aside.context("move a file aside that belongs to no run")?;
            }
            // Sweeps what was left half-written.
            Blobs::open(&data.join("blobs")).context("remove temporary files")?;
        }
        Ok(runtime.block_on(store.close())?)
    }
}

impl Broken {
    /// What becomes of the rows that name it.
    fn fates(&mut self, effective: &Effective) -> Vec<(crate::store::AttachmentKey, Fate)> {
        let said = format!("{}; found by verify", self.problem);
        let mut fates = Vec::new();
        for (named, by) in self.named.iter().zip(&mut self.runs) {
            let is_recorded = effective.config.comfyui.iter().any(|comfyui| comfyui.name == named.instance);
            let has_folder = named.file.folder.parse::<Folder>().is_ok();
            let reason = Trouble::new(Cause::Other, &said);
            let (fate, now) = match is_recorded && has_folder {
                true => (Fate::Wanted(reason), "to be copied again"),
                false => (Fate::Missing(reason), "missing"),
            };
            by.now = Some(now);
            fates.push((named.key, fate));
        }
        fates
    }
}

impl Report {
    fn write(&self, terminal: &mut Terminal<'_>, is_repaired: bool) -> Result<(), Error> {
        let paint = |style: Style, text: &str| style.paint(text, terminal.is_colored);
        let (good, bad) = (paint(Style::Good, "sound"), paint(Style::Bad, "damaged"));
        if !self.records.is_empty() {
            writeln!(terminal.out, "records  {bad}, so nothing else was checked:")?;
            for finding in &self.records {
                writeln!(terminal.out, "         {}", line(finding))?;
            }
            return Ok(());
        }
        writeln!(terminal.out, "records  {good}: {}", count(self.runs, "run"))?;
        let all = format!("{} ({})", count(self.files, "file"), shown_bytes(self.bytes));
        if self.broken.is_empty() {
            writeln!(terminal.out, "files    {good}: {all}")?;
        } else {
            let broken = paint(Style::Bad, &format!("{} damaged", self.broken.len()));
            writeln!(terminal.out, "files    {broken} of {all}:")?;
        }
        for broken in &self.broken {
            broken.write(terminal)?;
        }
        self.write_the_rest(terminal, is_repaired)
    }

    /// What is there and not needed.
    fn write_the_rest(&self, terminal: &mut Terminal<'_>, is_repaired: bool) -> Result<(), Error> {
        if !self.orphans.is_empty() {
            let (files, size) =
                (count(self.orphans.len() as u64, "file"), self.orphans.iter().map(|one| one.bytes).sum());
            let done = match is_repaired {
                true => "moved to the folder \"orphans\", and can be deleted",
                false => "harmless; --repair moves them aside",
            };
            writeln!(terminal.out, "orphans  {files} of no run ({}): {done}", shown_bytes(size))?;
        }
        if self.left_over > 0 {
            let done = if is_repaired { "removed" } else { "removed at the next start, unless they are being written" };
            writeln!(terminal.out, "drafts   {} incomplete: {done}", count(self.left_over, "file"))?;
        }
        if let Some(first) = self.foreign.first() {
            let files = count(self.foreign.len() as u64, "file");
            writeln!(terminal.out, "others   {files} not from comfy-recall, such as {}", first.display())?;
        }
        Ok(())
    }

    /// Whether all is good, or good again.
    fn outcome(&self, is_repaired: bool) -> Result<(), Error> {
        if !self.records.is_empty() {
            return Err(anyhow!("the records are damaged; stop comfy-recall and restore a backup").into());
        }
        if self.broken.is_empty() || is_repaired {
            return Ok(());
        }
        let files = count(self.broken.len() as u64, "file");
        let are = if self.broken.len() == 1 { "is" } else { "are" };
        Err(anyhow!("{files} {are} damaged; stop comfy-recall, run comfy-recall verify --repair, and start it again")
            .into())
    }
}

impl Broken {
    fn write(&self, terminal: &mut Terminal<'_>) -> Result<(), Error> {
        let name = self.sha256.map_or_else(|| "(no digest)".to_owned(), |digest| digest.to_string());
        writeln!(terminal.out, "  {name}: {}", line(&self.problem))?;
        for NamedBy { id, filename, now } in &self.runs {
            let now = now.map(|now| format!(", now {now}")).unwrap_or_default();
            writeln!(terminal.out, "    {} of run {id}{now}", line(filename))?;
        }
        if self.runs.is_empty() {
            writeln!(terminal.out, "    belongs to no run any more")?;
        }
        if let Some(place) = &self.set_aside {
            writeln!(terminal.out, "    moved to {}", place.display())?;
        }
        Ok(())
    }
}
