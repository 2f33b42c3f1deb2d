//! The arguments of the commands that look at what is kept.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use crate::config::{Given, Setting};

/// Where the history is.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HistoryAddress {
    /// Data folder [default: the platform's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Configuration file [default: config.toml in the platform's configuration folder]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

/// Where the daemon is, too.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// Address that it listens on [default: 127.0.0.1:8588]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Path under which it serves everything [default: /]
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    #[command(flatten)]
    place: HistoryAddress,
}

impl Address {
    /// What was given, as the highest layer of the configuration.
    pub(super) fn take_givens(&mut self) -> Vec<Given> {
        let taken = [(Setting::Listen, self.listen.take()), (Setting::BasePath, self.base_path.take())];
        let given = taken.into_iter().filter_map(|(setting, text)| Some(Given::by_flag(setting, text?)));
        self.place.take_givens().into_iter().chain(given).collect()
    }
}

impl HistoryAddress {
    /// What was given, as the highest layer of the configuration.
    pub(super) fn take_givens(&mut self) -> Vec<Given> {
        let taken = [(Setting::DataDir, self.data_dir.take()), (Setting::ConfigFile, self.config.take())];
        taken.into_iter().filter_map(|(setting, text)| Some(Given::by_flag(setting, text?))).collect()
    }
}

/// What narrows a list, besides what is searched for.
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Only runs with these statuses, separated by commas: pending, in_progress, completed, failed, cancelled, lost
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    /// Only runs with these kinds of output, separated by commas: image, video, audio, text, model3d, other
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only runs of this server, by its name
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only runs of these days: today, yesterday, 2026-11-20; the last days, 7d; a month, 2026-11; or a range, FIRST..LAST,
    /// either end of which may be omitted
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// Time zone for days and times, such as Europe/Berlin or +08:00 [default: this machine's time zone]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    tz: Option<String>,
    /// Only runs queued at or after this time, such as 2026-11-20T09:59:12Z, or on or after a day
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only runs with this ComfyUI prompt ID
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
    /// Name for the log, of letters, digits, '-', '_' and '.'
    pub name: String,
    /// What it allows: read can see everything and change nothing, full can do everything
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
  comfy-recall list 'model:flux -blurry' --all --json     all matching runs, one JSON object per line
  comfy-recall list --date 2026-11-20.. --format '{id} {seed} {prompt}'

Searches work as on the page: words, \"a phrase\", -without, fox OR wolf, model:flux, steps:>20, today, 7d, has:error. \
Put -- before a search that begins with -.

On a terminal, the output is a table. Otherwise, it is one line per run, with tabs between id, created_at, status, \
duration_ms, model, outputs_count and text.")]
pub struct ListArguments {
    /// Search, as in the search box of the page
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// What else narrows the list
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// Only runs queued before this time, or before a day
    #[arg(long, value_name = "TIME", visible_alias = "until")]
    pub to: Option<String>,
    /// Show at most N runs
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = number_of_runs)]
    pub limit: u64,
    /// Show all runs
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// Print one JSON object per line, as in /api/v1/generations
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Print one line per run in this format; {name} stands for a field (an unknown name lists all of them)
    #[arg(long, value_name = "TEXT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `show`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall show 128                          its parameters, full error and files, with their paths
  comfy-recall show 128 --json                   what /api/v1/generations/128 returns
  comfy-recall show 128 --workflow > fox.json    a file to drop onto ComfyUI's canvas")]
pub struct Show {
    /// Run ID
    #[arg(value_name = "ID", value_parser = run_id)]
    pub id: i64,
    /// Print everything as one JSON object
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print only its prompt, as ComfyUI received it
    #[arg(long, group = "form")]
    pub prompt: bool,
    /// Print only its workflow, as the editor saved it
    #[arg(long, group = "form")]
    pub workflow: bool,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
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

Each run gets a folder named after its ID, with its files as ComfyUI named them, inputs and previews in their own \
folders, the prompt, the workflow, and generation.json with everything that is known about it. An archive of one run \
chosen by its ID has no folders.

Run the same command again to copy what is new or was interrupted. A different file with the same name is only \
overwritten with --force, an archive never.")]
pub struct Export {
    /// Run IDs
    #[arg(value_name = "ID", value_parser = run_id, required_unless_present_any = FILTERS, conflicts_with_all = FILTERS)]
    pub ids: Vec<i64>,
    /// Export all runs that match this search, as in the search box of the page; an empty one matches all
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub query: Option<String>,
    /// What else narrows them
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// Only runs queued before this time, or before a day
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Folder, or archive if it ends with .zip; it is created if it doesn't exist
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub to: PathBuf,
    /// Overwrite files that exist and differ
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `open`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall open 128            opens its page in the browser if there is one, and prints the address
  comfy-recall open --print        prints the address of the history")]
pub struct OpenArguments {
    /// Run ID; without one, the history
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
  comfy-recall health || echo down    the exit code is 0 if it answers, otherwise 1")]
pub struct HealthArguments {
    #[command(flatten)]
    pub(super) place: Address,
}

/// `stop`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall stop                               before an update, or to start it with other options

Asks the comfy-recall that uses the data folder to stop, and waits for it: it finishes copying files first. If it runs as \
a service, stop the service instead. Runs that happen in the meantime are read from ComfyUI's history at the next start, \
unless ComfyUI stops before that.")]
pub struct Stop {
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `verify`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall verify              whether comfy-recall is running or not; changes nothing
  comfy-recall verify --repair     while it isn't running

Reads every saved file and compares it with its digest from when it was written, checks that every row has its file \
and every file its row, and lets SQLite check the database. The exit code is 0 if nothing is damaged.

A repair deletes nothing. It moves damaged files to the folder \"broken\" in the data folder, and they are copied again \
from ComfyUI at the next start; files that belong to no run are moved to the folder \"orphans\".")]
pub struct Verify {
    /// Move damaged files aside and have them copied again
    #[arg(long)]
    pub repair: bool,
    /// Print the findings as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `backup`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall backup /mnt/backup/comfy-recall
  comfy-recall --data-dir /mnt/backup/comfy-recall     starts on a backup, or on a copy of one

The backup is consistent even while runs are recorded. Only new files are copied, so another backup into the same folder \
is quick; nothing is ever deleted there. If it is interrupted, the previous backup stays as it was. Thumbnails and the \
search index are left out: they are rebuilt.")]
pub struct Backup {
    /// Folder to back up to; it is created if it doesn't exist
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `restore`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall restore                            after going back to an older comfy-recall
  comfy-recall restore recall.db.before-0.2.0     a specific copy

Before an update changes recall.db, it keeps a copy next to it. This puts back the copy that loses the least, while \
comfy-recall isn't running. Nothing is deleted: the current database is kept next to it, and files recorded since then stay \
in blobs, although they no longer belong to a run.")]
pub struct Restore {
    /// Copy, in the current folder or the data folder [default: the copy that loses the least]
    #[arg(value_name = "FILE")]
    pub copy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// `reindex`
#[derive(Args, Debug, Clone, Default, PartialEq, Eq)]
#[command(after_help = "\
Examples:
  comfy-recall reindex                            while comfy-recall isn't running; a running one indexes by itself

Reads the prompt of every run again, so that searches find everything that this version can read from it. Records \
aren't changed.")]
pub struct Reindex {
    #[command(flatten)]
    pub(super) place: HistoryAddress,
}

/// The number of a run.
fn run_id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text} isn't a run ID"))
}

/// How many runs.
fn number_of_runs(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} isn't a number"))
}

/// What tells of the command line itself.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum Describe {
    /// Print completions for a shell
    #[command(after_help = "\
Examples:
  comfy-recall completions bash > ~/.local/share/bash-completion/completions/comfy-recall
  comfy-recall completions zsh > ~/.zfunc/_comfy-recall
  comfy-recall completions fish > ~/.config/fish/completions/comfy-recall.fish")]
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Print the manual page, or write all pages into a folder
    #[command(after_help = "\
Examples:
  comfy-recall man | man -l -                      shows the page of comfy-recall itself
  comfy-recall man ~/.local/share/man/man1         writes one page per command")]
    Man {
        /// Folder to write them to
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}
