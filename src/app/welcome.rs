//! What whoever starts comfy-recall for the first time is told, in words for people: where ComfyUI is looked for, what was
//! found, how far its history is, and where to look at it. Nobody is told this twice: later starts say in two lines what is
//! kept where, and of which ComfyUI.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{HumanCount, ProgressBar};
use tokio_util::sync::CancellationToken;

use super::front::Voice;
use crate::comfy::Found;
use crate::live::Live;
use crate::model::{ConnectionState, Filter, Health, InstanceName};
use crate::store::Store;

/// Parts of a backfill after which a line says how far it is, where there is no bar.
const STEPS: u64 = 4;

/// Runs between two lines where nobody knows how many there are.
const RUNS_A_LINE: u64 = 1_000;

/// What is told on the first start; on another one it says nothing. Clones speak for the same one.
#[derive(Debug, Clone)]
pub(super) struct Welcome {
    voice: Option<Voice>,
    /// Where the pages are.
    address: String,
    /// Addresses of servers of which was told that they were found.
    told: Arc<Mutex<BTreeSet<String>>>,
}

impl Welcome {
    /// Given when nothing was ever recorded, and somebody hears it.
    pub(super) fn new(voice: &Voice, is_new: bool, address: &str) -> Self {
        let voice = (is_new && voice.is_heard()).then(|| voice.clone());
        Self { voice, address: address.to_owned(), told: Arc::default() }
    }

    /// Whether anybody is told.
    pub(super) fn is_given(&self) -> bool {
        self.voice.is_some()
    }

    fn say(&self, line: &str) {
        if let Some(voice) = &self.voice {
            voice.say(line);
        }
    }

    /// Where is looked.
    pub(super) fn looks(&self, ports: &[u16]) {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        self.say(&format!("Looking for ComfyUI on this machine, at ports {}", ports.join(", ")));
    }

    /// Nobody is there.
    pub(super) fn found_none(&self) {
        self.say(&format!(
            "No ComfyUI answers yet. Start it, and it will be found; or, if it runs elsewhere, stop this and use: \
             comfy-recall --comfyui http://HOST:PORT\nThe history will be at {}",
            self.address
        ));
    }

    /// Who is there.
    pub(super) fn found(&self, found: &[Found]) {
        for one in found {
            let Some(url) = one.url() else { continue };
            self.say_found(one.system.version.as_deref(), url.as_str());
            if let Some(folder) = one.system.folder_here() {
                self.say(&format!(
                    "  Its files seem to be in {0}. To read them from there, and keep those of runs that die halfway too: \
                     comfy-recall --comfyui-dir {0}",
                    folder.display()
                ));
            }
        }
    }

    /// Once for each address.
    fn say_found(&self, version: Option<&str>, address: &str) {
        let is_news = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned());
        if is_news {
            // What a server says of itself may hold what a terminal obeys.
            let version = version.map(|version| format!(" {version}")).unwrap_or_default();
            let version: String = version.chars().filter(|c| !c.is_control()).take(40).collect();
            self.say(&format!("Found ComfyUI{version} at {address}"));
        }
    }

    /// Tells how the history of each server is read, until one is read; then that this was told is noted.
    pub(super) async fn run(self, live: Live, store: Store, shutdown: CancellationToken) {
        let Some(voice) = self.voice.clone() else { return };
        let mut events = live.events();
        let mut readings: BTreeMap<InstanceName, Reading> = BTreeMap::new();
        loop {
            let all = live.health();
            for health in &all {
                if health.connection == ConnectionState::Connected || health.backfilled.is_some() {
                    self.say_found(health.comfyui.version.as_deref(), &health.address);
                }
                readings.entry(health.name.clone()).or_default().see(health, &voice);
            }
            if !readings.is_empty() && readings.values().all(|reading| reading.is_over) {
                break;
            }
            tokio::select! {
                // Who fell behind looks at how it is now, as everybody does.
                _ = events.recv() => {}
                () = shutdown.cancelled() => return,
            }
        }
        // What was told last of a history may be a word before its end.
        let runs = store.count(Filter::default()).await.unwrap_or_default();
        self.say(&match runs {
            0 => format!("Its history is empty. From now on, every run is recorded: {}", self.address),
            1 => format!("1 run from its history is recorded, its files are being copied: {}", self.address),
            runs => {
                format!("{runs} runs from its history are recorded, their files are being copied: {}", self.address)
            }
        });
        if let Err(error) = store.note_greeted().await {
            tracing::debug!(%error, "couldn't store that the first start was announced");
        }
    }
}

/// Says on a later start how many runs are kept, where, and which servers are recorded: those that are `named` in the
/// configuration, or those that were found before.
pub(super) async fn back(voice: Voice, named: Vec<(InstanceName, String)>, data_dir: PathBuf, store: Store) {
    if !voice.is_heard() {
        return;
    }
    // A store that is busy has better to do than to be counted.
    let Ok(runs) = store.count(Filter::default()).await else { return };
    let servers = if named.is_empty() { store.found_servers().await.unwrap_or_default() } else { named };
    let are = if runs == 1 { "run is" } else { "runs are" };
    voice.say(&format!("{} {are} in {}", HumanCount(runs), data_dir.display()));
    let servers: Vec<String> = match &servers[..] {
        [] => return,
        [(_, url)] => vec![url.clone()],
        servers => servers.iter().map(|(name, url)| format!("{url} ({name})")).collect(),
    };
    voice.say(&format!("Recording ComfyUI at {}", servers.join(", ")));
}

/// How far the history of one server is.
#[derive(Debug, Default)]
struct Reading {
    bar: Option<ProgressBar>,
    runs: u64,
    /// How much there is to read, if that was told.
    goal: Option<u64>,
    /// Lines that were said of it.
    lines: u64,
    is_over: bool,
}

impl Reading {
    fn see(&mut self, health: &Health, voice: &Voice) {
        if let Some(runs) = health.backfilled.filter(|_| !self.is_over) {
            self.runs = runs;
            self.go_on(health.to_backfill, voice);
        }
        if health.connection == ConnectionState::Connected && !self.is_over {
            self.is_over = true;
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
        }
    }

    fn go_on(&mut self, goal: Option<u64>, voice: &Voice) {
        if let Some(runs) = goal.filter(|_| self.goal.is_none()) {
            self.goal = goal;
            voice.say(&format!("Reading the {runs} runs in its history"));
            self.bar = Some(voice.bar(runs, "{bar:40} {human_pos} of {human_len} runs, {per_sec}, {eta} to go"));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.runs);
        }
        let step = self.goal.map_or(RUNS_A_LINE, |goal| (goal / STEPS).max(1));
        let lines = self.runs / step;
        if lines > self.lines && !voice.is_watched && self.goal.is_none_or(|goal| self.runs < goal) {
            let of = self.goal.map(|goal| format!(" of {goal}")).unwrap_or_default();
            voice.say(&format!("  {}{of} runs", self.runs));
        }
        self.lines = lines;
    }
}
