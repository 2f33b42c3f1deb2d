//! The arguments of the commands that look at what is kept.

use clap::Args;

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
    /// Only of this ComfyUI
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only of this day, YYYY-MM-DD, or of all days from FIRST..LAST; either may be left out
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// Where days begin and clocks are shown: Europe/Berlin, +08:00 [default: this machine's time zone]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    tz: Option<String>,
    /// Only created at or after this moment, such as 2026-11-20T09:59:12Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only created before this moment
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only with this id of ComfyUI's
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
            ("--to", "to", &self.to),
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
  comfy-recall list 'model:flux -blurry' --all --json     everything that fits, one JSON object a line
  comfy-recall list --date 2026-11-20.. --format '{id} {seed} {prompt}'

The search is that of the page: words, \"a phrase\", -without, fox OR wolf, model:flux, steps:>20, today, has:error.
One that begins with - stands behind a --.

A terminal gets a table. Elsewhere each run is a line with tabs between id, created_at, status, duration_ms, model,
outputs_count and its text.")]
pub struct List {
    /// What to search for, as in the search box of the page
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// What else narrows the list
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u64,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// One line of this form a run; {name} stands for a field, an unknown name lists them all
    #[arg(long, value_name = "TEXT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub(super) place: Place,
}
