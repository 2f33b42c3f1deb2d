//! What the tests order, and what it does to ComfyUI and the daemon.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Lab;
use crate::pictures;
use crate::support::comfyui::{ComfyUi, File, Outcome, Route, Run};
use crate::support::fixtures;

/// One line of standard input. `instance`: which ComfyUI, the first when there is none.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Puts a run into the queue.
    Queue {
        instance: Option<String>,
        run: Box<Wanted>,
    },
    /// Starts the first that waits.
    Start {
        instance: Option<String>,
    },
    /// Ends the one in progress.
    Finish {
        instance: Option<String>,
        outcome: Option<Ending>,
    },
    /// Queues, starts and ends a run when nothing else waits.
    Run {
        instance: Option<String>,
        run: Box<Wanted>,
        outcome: Option<Ending>,
    },
    /// Takes a run out of the queue.
    Delete {
        instance: Option<String>,
        prompt_id: String,
    },
    /// Waits until the daemon has recorded a run with this status, and all its files unless it is open; tells our id.
    Recorded {
        prompt_id: String,
        status: String,
    },
    /// Ends the process of ComfyUI: queue and history are gone.
    StopComfyui {
        instance: Option<String>,
    },
    /// Starts it again, on the same port.
    StartComfyui {
        instance: Option<String>,
    },
    /// Breaks the way to ComfyUI; the process lives on.
    Unplug {
        instance: Option<String>,
    },
    /// Mends it. After so many requests for its history, ComfyUI answers no more of them until `release_history`.
    PlugIn {
        instance: Option<String>,
        history_answers: Option<usize>,
    },
    ReleaseHistory {
        instance: Option<String>,
    },
    /// So many finished runs in ComfyUI's history that nobody heard of.
    Preload {
        instance: Option<String>,
        runs: u64,
        run: Box<Wanted>,
    },
    /// SIGTERM, and its end.
    StopDaemon,
    /// SIGKILL, and its end.
    KillDaemon,
    /// Starts it again: the same data, the same port.
    StartDaemon,
    /// What the daemon wrote to stderr.
    Log,
    /// Mends what a test left behind: everything is up, hears of everything, and nothing runs or waits.
    Settle,
    Quit,
}

/// A run to be queued.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    prompt_id: Option<String>,
    #[serde(default = "browser")]
    client_id: String,
    prompt: Option<Value>,
    workflow: Option<Value>,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default)]
    is_front: bool,
    /// What its nodes give.
    #[serde(default)]
    outputs: Vec<Given>,
    /// Files that lie in the input folder from now on.
    #[serde(default)]
    uploads: Vec<Given>,
}

fn browser() -> String {
    "browser".to_owned()
}

fn one() -> u64 {
    1
}

/// A file or a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    #[serde(default = "save_node")]
    node: String,
    #[serde(default = "images")]
    key: String,
    #[serde(default = "output_folder")]
    folder: String,
    #[serde(default)]
    subfolder: String,
    #[serde(default)]
    filename: String,
    content: Content,
}

fn save_node() -> String {
    "9".to_owned()
}

fn images() -> String {
    "images".to_owned()
}

fn output_folder() -> String {
    "output".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Content {
    /// A text that a node gives, no file.
    Text(String),
    /// A picture that differs for every seed.
    Picture { seed: u64, width: u32, height: u32 },
    /// A picture of one colour.
    Colour { rgb: [u8; 3], width: u32, height: u32 },
    /// A file below `tests/fixtures/comfyui`.
    Fixture(String),
    /// Any bytes.
    Base64(String),
    /// A file that ComfyUI names but doesn't have.
    Absent {},
}

impl Content {
    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Picture { seed, width, height } => Some(pictures::landscape(*seed, *width, *height)),
            Self::Colour { rgb, width, height } => Some(pictures::plain(*rgb, *width, *height)),
            Self::Fixture(path) => Some(std::fs::read(fixtures().join(path)).unwrap()),
            Self::Base64(text) => Some(base64::engine::general_purpose::STANDARD.decode(text).unwrap()),
            Self::Text(_) | Self::Absent {} => None,
        }
    }
}

/// How a run ends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    Success,
    Interrupted,
    Error { node: String, class: String, exception: String, message: String, traceback: Vec<String>, inputs: Value },
}

impl From<Option<Ending>> for Outcome {
    fn from(ending: Option<Ending>) -> Self {
        match ending {
            None | Some(Ending::Success) => Self::Success,
            Some(Ending::Interrupted) => Self::Interrupted,
            Some(Ending::Error { node, class, exception, message, traceback, inputs }) => {
                Self::Error { node, class, exception, message, traceback, inputs: inputs.to_string() }
            }
        }
    }
}

impl Lab {
    pub async fn obey(&mut self, order: Order) -> Value {
        match order {
            Order::Recorded { prompt_id, status } => {
                let is_open = matches!(status.as_str(), "pending" | "in_progress");
                let found = match is_open {
                    true => self.daemon.until_status(&prompt_id, &status).await,
                    false => self.daemon.until_whole(&prompt_id, &status).await,
                };
                found["id"].clone()
            }
            Order::StopDaemon => json!(self.daemon.terminate().await.code()),
            Order::KillDaemon => {
                self.daemon.kill().await;
                Value::Null
            }
            Order::StartDaemon => {
                self.daemon.start_again().await;
                Value::Null
            }
            Order::Log => json!(self.daemon.log()),
            Order::Settle => self.settle().await,
            Order::Quit => Value::Null,
            order => self.change(order).await,
        }
    }

    async fn settle(&mut self) -> Value {
        for (_, comfyui) in &self.comfyuis {
            comfyui.release_history();
            comfyui.interrupt();
            comfyui.clear_queue();
            if comfyui.is_away() {
                comfyui.plug_in();
            }
        }
        if self.daemon.has_ended() {
            self.daemon.start_again().await;
        }
        for (_, comfyui) in &self.comfyuis {
            comfyui.until_sockets(1).await;
        }
        Value::Null
    }

    /// What only concerns ComfyUI. Times are taken just before everybody hears of it.
    async fn change(&self, order: Order) -> Value {
        let comfyui = |instance: Option<String>| self.comfyui(instance.as_deref());
        let at = now();
        let prompt_id = match order {
            Order::Queue { instance, run } => run.queue(comfyui(instance)),
            Order::Start { instance } => comfyui(instance).start_next(),
            Order::Finish { instance, outcome } => comfyui(instance).finish(&outcome.into()),
            Order::Run { instance, run, outcome } => run.run_to(comfyui(instance), &outcome.into()),
            Order::Delete { instance, prompt_id } => {
                comfyui(instance).delete_from_queue(&prompt_id);
                prompt_id
            }
            Order::Preload { instance, runs, run } => {
                comfyui(instance).preload(runs, &run.made());
                return Value::Null;
            }
            order => {
                self.outage(order).await;
                return Value::Null;
            }
        };
        json!({"prompt_id": prompt_id, "at": at})
    }

    async fn outage(&self, order: Order) {
        let comfyui = |instance: Option<String>| self.comfyui(instance.as_deref());
        match order {
            Order::StopComfyui { instance } => comfyui(instance).kill().await,
            Order::StartComfyui { instance } => comfyui(instance).revive(),
            Order::Unplug { instance } => comfyui(instance).unplug().await,
            Order::PlugIn { instance, history_answers } => {
                let comfyui = comfyui(instance);
                comfyui.plug_in();
                if let Some(answers) = history_answers {
                    comfyui.until_asked(Route::History, answers).await;
                    comfyui.hold_history();
                }
            }
            Order::ReleaseHistory { instance } => comfyui(instance).release_history(),
            order => panic!("nobody obeys {order:?}"),
        }
    }
}

/// Milliseconds since 1970, as a page's `Date.now()` counts them, with their fraction.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1e3
}

impl Wanted {
    fn queue(self, comfyui: &ComfyUi) -> String {
        self.upload(comfyui);
        comfyui.queue(self.made())
    }

    fn run_to(self, comfyui: &ComfyUi, outcome: &Outcome) -> String {
        self.upload(comfyui);
        comfyui.run_to(self.made(), outcome)
    }

    fn upload(&self, comfyui: &ComfyUi) {
        for given in &self.uploads {
            comfyui.put(File::input(&given.filename, given.content.bytes().unwrap()).below(&given.subfolder));
        }
    }

    fn made(self) -> Run {
        let mut run = Run::from_browser(&self.client_id).with_seed(self.seed);
        run.prompt_id = self.prompt_id;
        run.is_front = self.is_front;
        if let Some(prompt) = self.prompt {
            run = run.with_prompt(&prompt.to_string());
        }
        if let Some(workflow) = self.workflow {
            run = run.with_workflow(&workflow.to_string());
        }
        self.outputs.into_iter().fold(run, |run, given| given.add_to(run))
    }
}

impl Given {
    fn add_to(self, run: Run) -> Run {
        if let Content::Text(text) = &self.content {
            return run.giving(&self.node, &self.key, &json!(text).to_string());
        }
        let bytes = self.content.bytes();
        let file = File {
            folder: self.folder,
            subfolder: self.subfolder,
            filename: self.filename,
            content: bytes.clone().unwrap_or_default().into(),
        };
        match bytes {
            Some(_) => run.giving_file(&self.node, &self.key, file),
            None => run.giving(&self.node, &self.key, &file.item()),
        }
    }
}
