//! What a real server said, read from a fixture.

use std::collections::HashMap;
use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::history::Entry;
use super::queue::Job;
use super::reader::Reader;
use super::routes::Change;
use super::script;
use super::socket::Frame;
use super::state::State;
use super::version::Version;
use crate::support::fixtures;

/// One line of a recording: a frame, or an exchange.
#[derive(Debug, Deserialize)]
pub struct Line {
    pub on: Option<String>,
    pub text: Option<Box<RawValue>>,
    binary_base64: Option<String>,
    /// The method and the path.
    pub http: Option<String>,
    pub request: Option<Box<RawValue>>,
    pub status: Option<u16>,
    pub body: Option<Box<RawValue>>,
}

/// A scenario that a real server went through.
#[derive(Debug)]
pub struct Recording {
    pub version: Version,
    pub scenario: String,
    pub lines: Vec<Line>,
}

/// Something that happened in it.
#[derive(Debug, Clone)]
pub enum Step {
    /// A run of an earlier scenario that was in the history already.
    Preload {
        prompt_id: String,
        entry: Entry,
    },
    Queue(Job),
    Start(String),
    /// The run in progress ended with this entry.
    Finish {
        prompt_id: String,
        entry: Entry,
    },
    DeleteFromQueue(Vec<String>),
    ClearQueue,
    DeleteFromHistory(Vec<String>),
    ClearHistory,
    /// The client that queued something heard this.
    TellClient(String, Frame),
    /// The observer heard this, and it wasn't `status`.
    TellAll(Frame),
    /// Somebody asked, and this was the answer.
    Asked {
        path: String,
        body: String,
    },
}

impl Step {
    pub(super) fn play(self, state: &mut State) {
        match self {
            Self::Preload { prompt_id, entry } => state.history.insert(&prompt_id, entry),
            Self::Queue(job) => script::queue_job(state, job),
            Self::Start(prompt_id) => script::start_this(state, &prompt_id),
            Self::Finish { prompt_id, entry } => assert_eq!(script::finish_as(state, entry), prompt_id),
            Self::DeleteFromQueue(delete) => Change { delete, clear: false }.queue(state),
            Self::ClearQueue => Change { delete: Vec::new(), clear: true }.queue(state),
            Self::DeleteFromHistory(delete) => Change { delete, clear: false }.history(state),
            Self::ClearHistory => Change { delete: Vec::new(), clear: true }.history(state),
            Self::TellClient(sid, frame) => state.sockets.send_to(&sid, &frame),
            Self::TellAll(frame) => state.sockets.send_all(&frame),
            Self::Asked { .. } => {}
        }
    }
}

/// The parts of an event that a recording is read by.
#[derive(Deserialize)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Value,
}

impl Event {
    pub fn prompt_id(&self) -> Option<&str> {
        self.data["prompt_id"].as_str()
    }

    /// Whether the run is over with it.
    pub fn ends(&self) -> bool {
        matches!(self.kind.as_str(), "execution_success" | "execution_error" | "execution_interrupted")
    }
}

impl Line {
    pub fn is(&self, http: &str) -> bool {
        self.http.as_deref() == Some(http)
    }

    pub fn is_by(&self, who: &str) -> bool {
        self.on.as_deref() == Some(who)
    }

    pub fn event(&self) -> Option<Event> {
        serde_json::from_str(self.text.as_ref()?.get()).unwrap()
    }

    pub fn frame(&self) -> Option<Frame> {
        match (&self.text, &self.binary_base64) {
            (Some(text), _) => Some(Frame::Text(text.get().to_owned())),
            (_, Some(base64)) => Some(Frame::Binary(BASE64_STANDARD.decode(base64).unwrap().into())),
            _ => None,
        }
    }

    /// The entries of a history that was asked for, byte for byte.
    pub fn entries(&self) -> HashMap<String, Box<RawValue>> {
        match (&self.http, &self.body) {
            (Some(http), Some(body)) if http.starts_with("GET /history") => serde_json::from_str(body.get()).unwrap(),
            _ => HashMap::new(),
        }
    }

    pub fn accepted(&self) -> Option<Accepted> {
        if !self.is("POST /prompt") || self.status != Some(200) {
            return None;
        }
        Some(Accepted {
            asked: serde_json::from_str(self.request.as_ref()?.get()).unwrap(),
            given: serde_json::from_str(self.body.as_ref()?.get()).unwrap(),
        })
    }
}

/// A prompt that went into the queue.
pub struct Accepted {
    pub asked: Asked,
    pub given: Given,
}

#[derive(Deserialize)]
pub struct Asked {
    pub prompt: Box<RawValue>,
    pub client_id: Option<String>,
    #[serde(default)]
    pub extra_data: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
pub struct Given {
    pub prompt_id: String,
    pub number: serde_json::Number,
}

impl Recording {
    pub fn load(version: Version, scenario: &str) -> Self {
        let path = fixtures().join("recordings").join(version.as_str()).join(format!("{scenario}.jsonl"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { version, scenario: scenario.to_owned(), lines }
    }

    /// Every scenario of every version.
    pub fn all() -> Vec<Self> {
        let scenarios = Version::ALL.into_iter().flat_map(|version| {
            let folder = fs::read_dir(fixtures().join("recordings").join(version.as_str())).unwrap();
            folder.map(move |file| {
                let name = file.unwrap().file_name().into_string().unwrap();
                Self::load(version, name.strip_suffix(".jsonl").unwrap())
            })
        });
        scenarios.collect()
    }

    /// The body of the first answer to such a request, such as `GET /queue`.
    pub fn body_of(&self, http: &str) -> Option<String> {
        self.lines.iter().find(|line| line.is(http))?.body.as_ref().map(|body| body.get().to_owned())
    }

    /// The text frames that the observer got.
    pub fn observed(&self) -> Vec<String> {
        let observed = self.lines.iter().filter(|line| line.is_by("observer"));
        observed.filter_map(|line| line.text.as_ref()).map(|text| text.get().to_owned()).collect()
    }

    /// Ids of the prompts that were accepted, in their order; one that came twice is there twice.
    pub fn accepted(&self) -> Vec<String> {
        self.lines.iter().filter_map(Line::accepted).map(|accepted| accepted.given.prompt_id).collect()
    }

    /// What happened, in an order that could have been.
    pub fn steps(&self) -> Vec<Step> {
        Reader::new(self).read()
    }
}
