//! The arguments of the commands that look at what is kept.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use crate::config::{Given, Setting};

/// Where the history is.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Where everything is kept [default: the platform's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// The configuration file [default: config.toml in the platform's configuration folder]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

/// Where the daemon is, too.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// Where it listens [default: 127.0.0.1:8588]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The path below which it serves everything [default: /]
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Address {
    /// What was given, as the highest layer of the configuration.
    pub(super) fn take_givens(&mut self) -> Vec<Given> {
        let taken = [(Setting::Listen, self.listen.take()), (Setting::BasePath, self.base_path.take())];
        let given = taken.into_iter().filter_map(|(setting, text)| Some(Given::by_flag(setting, text?)));
        self.place.take_givens().into_iter().chain(given).collect()
    }
}

impl Place {
    /// What was given, as the highest layer of the configuration.
    pub(super) fn take_givens(&mut self) -> Vec<Given> {
        let taken = [(Setting::DataDir, self.data_dir.take()), (Setting::ConfigFile, self.config.take())];
        taken.into_iter().filter_map(|(setting, text)| Some(Given::by_flag(setting, text?))).collect()
    }
}

/// What narrows a list, besides what is searched for.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Only with one of these: pending, in_progress, completed, failed, cancelled, lost (commas between)
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    /// Only with one of these among the outputs: image, video, audio, text, model3d, other (commas between)
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only of this ComfyUI, by its name
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only of this day: today, yesterday, 2026-11-20; of the last days: 7d; of a month: 2026-11; or of all days from
    /// FIRST..LAST, either of which may be left out
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// Where days begin and clocks are shown: Europe/Berlin, +08:00 [default: this machine's time zone]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    tz: Option<String>,
    /// Only created at or after this moment, such as 2026-11-20T09:59:12Z, or from the beginning of a day on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only with this prompt_id, which is ComfyUI's
    #[arg(long, value_name = "ID")]
    prompt_id: Option<String>,
}

impl Narrowing {
    /// What was given: the flag, the name of the same in an address, and the value.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let single = [
            ("--instance", "instance", &self.instance),
            ("--date", "date", &self.date),
            ("--tz", "tz", &self.tz),
            ("--from", "from", &self.from),
            ("--prompt-id", "prompt_id", &self.prompt_id),
        ];
        let statuses = self.status.iter().map(|status| ("--status", "status", status.as_str()));
        let kinds = self.kind.iter().map(|kind| ("--kind", "kind", kind.as_str()));
        let single = single.into_iter().filter_map(|(flag, name, value)| Some((flag, name, value.as_deref()?)));
        statuses.chain(kinds).chain(single)
    }
}

/// `token`
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What the log is to call it: letters, digits, '-', '_' and '.'
    pub name: String,
    /// What it is good for: read looks at everything and changes nothing
    #[arg(long, value_name = "SCOPE", default_value = "full", value_parser = ["read", "full"])]
    pub scope: String,
}

/// `list`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall list                                       the newest 50 runs
  comfy-recall list red fox --status failed               failed runs with both words
  comfy-recall list yesterday                             yesterday's runs; --date yesterday is the same
  comfy-recall list 'model:flux -blurry' --all --json     everything that fits, one JSON object a line
  comfy-recall list --date 2026-11-20.. --format '{id} {seed} {prompt}'

The search is that of the page: words, \"a phrase\", -without, fox OR wolf, model:flux, steps:>20, today, 7d, has:error. \
One that begins with - stands behind a --.

A terminal gets a table. Elsewhere each run is a line with tabs between id, created_at, status, duration_ms, model, \
outputs_count and its text.")]
pub struct List {
    /// What to search for, as in the search box of the page
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// What else narrows the list
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// Only created before this moment, or before a day begins
    #[arg(long, value_name = "TIME", visible_alias = "until")]
    pub to: Option<String>,
    /// At most N runs
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = number_of_runs)]
    pub limit: u64,
    /// No limit
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// One JSON object a line: what an item of /api/v1/generations is
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// One line of this form a run; {name} stands for a field, an unknown name lists them all
    #[arg(long, value_name = "TEXT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub(super) place: Place,
}

/// `show`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall show 128                          what it was, its error in full, its files and where they lie
  comfy-recall show 128 --json                   what /api/v1/generations/128 answers
  comfy-recall show 128 --workflow > fox.json    for dropping onto ComfyUI's canvas")]
pub struct Show {
    /// Which run, by its number
    #[arg(value_name = "ID", value_parser = run_id)]
    pub id: i64,
    /// Everything as one JSON object
    #[arg(long, group = "form")]
    pub json: bool,
    /// Its prompt alone, as ComfyUI got it
    #[arg(long, group = "form")]
    pub prompt: bool,
    /// Its workflow alone, as the editor saved it
    #[arg(long, group = "form")]
    pub workflow: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// What says which runs, where no numbers do.
const FILTERS: [&str; 8] = ["query", "status", "kind", "instance", "date", "from", "until", "prompt_id"];

/// `export`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall export 128 --to fox.zip
  comfy-recall export 127 128 --to ~/pictures
  comfy-recall export --query 'model:flux' --status completed --date 2026-11-01.. --to ~/flux
  comfy-recall export --query '' --to everything

Each run gets a folder of its number, with its files as ComfyUI named them, inputs and previews apart, the prompt, the \
workflow, and generation.json with all that is known of it. An archive of one run named by its number has no folder.

The same command once more copies what is new and what was broken off. A file that is there already and is another one \
is never touched without --force, and neither is an archive.")]
pub struct Export {
    /// Which runs, by their numbers
    #[arg(value_name = "ID", value_parser = run_id, required_unless_present_any = FILTERS, conflicts_with_all = FILTERS)]
    pub ids: Vec<i64>,
    /// All runs that this search finds, as in the search box of the page; an empty one finds all
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub query: Option<String>,
    /// What else narrows them
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// Only created before this moment, or before a day begins
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// A folder, or an archive if it ends with .zip; it is made where there is none
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub to: PathBuf,
    /// Overwrite what is there already and differs
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// `open`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall open 128            opens its page in the browser, where there is one; prints the address anyway
  comfy-recall open --print        the address of the history")]
pub struct Open {
    /// Which run, by its number; the history itself if there is none
    #[arg(value_name = "ID", value_parser = run_id)]
    pub id: Option<i64>,
    /// Only print the address
    #[arg(long)]
    pub print: bool,
    #[command(flatten)]
    pub(super) place: Address,
}

/// `health`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall health || echo down    the exit code is 0 if it answers, else 1")]
pub struct Health {
    #[command(flatten)]
    pub(super) place: Address,
}

/// `stop`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall stop                               before an update, or to start it with other options

Asks the comfy-recall that uses the data folder to end, and waits until it has: files in hand are finished first. What was \
started as a service is better stopped as one. What runs meanwhile is read from ComfyUI's history at the next start, unless \
ComfyUI ends before.")]
pub struct Stop {
    #[command(flatten)]
    pub(super) place: Place,
}

/// `verify`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall verify              beside a running comfy-recall or without one; changes nothing
  comfy-recall verify --repair     when none runs

Reads every file that is kept and compares it with the digest that it had when it was written, looks for the file of \
every row and the row of every file, and lets SQLite check the records. The exit code is 0 if nothing is broken.

A repair deletes nothing. It moves broken files into the folder \"broken\" of the data folder and has them fetched again \
from ComfyUI at the next start; files that no run names go into the folder \"orphans\".")]
pub struct Verify {
    /// Set broken files aside and have them fetched again
    #[arg(long)]
    pub repair: bool,
    /// What was found as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// `backup`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall backup /mnt/backup/comfy-recall
  comfy-recall --data-dir /mnt/backup/comfy-recall     start on a backup, or on a copy of one

The copy is of one moment, also while runs are recorded. Only files that are not there yet are copied, so a second \
backup into the same folder is quick; none is ever deleted there. One that is broken off leaves the backup before it as \
it was. Thumbnails and the index of searches are left out: they are made again.")]
pub struct Backup {
    /// The folder to back up to; it is made if there is none
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub(super) place: Place,
}

/// `restore`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall restore                            after going back to an older comfy-recall
  comfy-recall restore recall.db.before-0.2.0     a certain copy

Before an update changes recall.db, a copy of it is kept beside it. This puts the copy back that lost least, while no \
comfy-recall runs. Nothing is deleted: what was there is kept beside it, and files that were recorded since stay in blobs, \
only no run names them.")]
pub struct Restore {
    /// The copy, here or in the data folder [default: the one that was kept before the last update that this comfy-recall doesn't know]
    #[arg(value_name = "FILE")]
    pub copy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) place: Place,
}

/// `reindex`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall reindex                            when no comfy-recall runs; a running one indexes by itself

Reads the prompt of every run once more, so that searches find it by all that this version can read. Nothing that was \
recorded is changed.")]
pub struct Reindex {
    #[command(flatten)]
    pub(super) place: Place,
}

/// The number of a run.
fn run_id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text} isn't the number of a run"))
}

/// How many runs.
fn number_of_runs(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} isn't a number of runs"))
}

/// What tells of the command line itself.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum Describe {
    /// Print what makes a shell complete commands and options
    #[command(after_help = "\
Examples:
  comfy-recall completions bash > ~/.local/share/bash-completion/completions/comfy-recall
  comfy-recall completions zsh > ~/.zfunc/_comfy-recall
  comfy-recall completions fish > ~/.config/fish/completions/comfy-recall.fish")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write all of them into a folder
    #[command(after_help = "\
Examples:
  comfy-recall man | man -l -                      the page of comfy-recall itself
  comfy-recall man ~/.local/share/man/man1         one page for each command")]
    Man {
        /// Where to write them
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}
