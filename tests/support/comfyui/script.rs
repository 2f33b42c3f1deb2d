//! What happens in a ComfyUI: a prompt is queued, started, finished, deleted. Each step tells the sockets what the real
//! server tells them, in its order.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::history::Entry;
use super::queue::{Job, JobText};
use super::routes::Change;
use super::run::{Made, Outcome, Run};
use super::socket::{Frame, new_id};
use super::state::State;
use super::version::Version;

/// A small preview as the binary WebSocket frame holds it: event 1, type 1 (JPEG), the picture.
const PREVIEW: &[u8] = b"\0\0\0\x01\0\0\0\x01\xff\xd8\xff\xd9";

pub fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Gives a run its id and number.
pub fn make(state: &mut State, version: Version, run: Run) -> Made {
    let number = run.number.clone().unwrap_or_else(|| {
        let number = state.number;
        state.number += 1;
        if run.is_front { format!("-{number}") } else { number.to_string() }
    });
    Made {
        prompt_id: run.prompt_id.clone().unwrap_or_else(new_id),
        number,
        create_time: version.stamps_create_time().then(now),
        shows_secrets: version.shows_secrets(),
        run,
    }
}

/// Puts a run into the queue; gives its id and number.
pub fn queue(state: &mut State, version: Version, run: Run) -> (String, String) {
    let made = make(state, version, run);
    let (prompt_id, number) = (made.prompt_id.clone(), made.number.clone());
    queue_job(
        state,
        Job {
            prompt_id: prompt_id.clone(),
            client_id: made.run.client_id.clone(),
            number: number.parse().unwrap(),
            text: JobText::Made(Arc::new(made)),
        },
    );
    (prompt_id, number)
}

pub fn queue_job(state: &mut State, job: Job) {
    state.queue.push(job);
    state.sockets.send_status(state.queue.remaining());
}

/// Starts the first that waits; gives its id.
pub fn start(state: &mut State, version: Version) -> Option<String> {
    let job = state.queue.start()?.clone();
    state.started = now();
    state.sockets.send_status(state.queue.remaining());
    if let JobText::Made(made) = &job.text {
        tell_start(state, version, made);
    }
    Some(job.prompt_id)
}

pub fn start_this(state: &mut State, prompt_id: &str) {
    state.queue.start_this(prompt_id);
    state.started = now();
    state.sockets.send_status(state.queue.remaining());
}

/// The client of a run hears of its execution; without one, everybody hears of its progress.
fn tell_start(state: &State, version: Version, made: &Made) {
    let id = &made.prompt_id;
    let tell = |kind: &str, data: Value| Frame::Text(json!({"type": kind, "data": data}).to_string());
    let node = json!({"3": {"value": 1, "max": 20, "state": "running", "node_id": "3", "prompt_id": id}});
    let mut progress = Vec::new();
    if version.sends_progress_state() {
        progress.push(tell("progress_state", json!({"prompt_id": id, "nodes": node})));
    }
    progress.push(tell("progress", json!({"value": 1, "max": 20, "prompt_id": id, "node": "3"})));
    progress.push(Frame::Binary(Bytes::from_static(PREVIEW)));
    let Some(client) = &made.run.client_id else {
        progress.iter().for_each(|frame| state.sockets.send_all(frame));
        return;
    };
    let begin = [
        tell("execution_start", json!({"prompt_id": id, "timestamp": state.started})),
        tell("execution_cached", json!({"nodes": made.cached(), "prompt_id": id, "timestamp": state.started})),
        tell("executing", json!({"node": "3", "display_node": "3", "prompt_id": id})),
    ];
    begin.iter().chain(&progress).for_each(|frame| state.sockets.send_to(client, frame));
}

/// Ends the run in progress; gives its id.
pub fn finish(state: &mut State, outcome: &Outcome) -> String {
    let made = match &state.queue.running().unwrap_or_else(|| panic!("nothing runs")).text {
        JobText::Made(made) => Arc::clone(made),
        JobText::Verbatim(_) => panic!("a recorded run ends as it was recorded"),
    };
    for file in &made.run.files {
        state.files.put(file.clone());
    }
    let ended = now();
    let id = json!(made.prompt_id);
    let mut events: Vec<_> = made
        .run
        .executed()
        .into_iter()
        .map(|(node, output)| {
            ("executed", format!(r#""node":"{node}","display_node":"{node}","output":{output},"prompt_id":{id}"#))
        })
        .collect();
    let (event, data) = outcome.event();
    events.push((event, format!(r#""prompt_id":{id},{data}"timestamp":{ended}"#)));
    if let Some(client) = &made.run.client_id {
        for (kind, data) in events {
            state.sockets.send_to(client, &Frame::Text(format!(r#"{{"type":"{kind}","data":{{{data}}}}}"#)));
        }
    }
    let entry = Entry::Made { made: Arc::clone(&made), outcome: outcome.clone(), started: state.started, ended };
    finish_as(state, entry)
}

/// Ends the run in progress with this entry: into the history first, then everybody hears of it.
pub fn finish_as(state: &mut State, entry: Entry) -> String {
    let job = state.queue.take_running().unwrap_or_else(|| panic!("nothing runs"));
    state.history.insert(&job.prompt_id, entry);
    state.sockets.send_status(state.queue.remaining());
    if let (Some(client), JobText::Made(_)) = (&job.client_id, &job.text) {
        let idle = json!({"type": "executing", "data": {"node": null, "prompt_id": job.prompt_id}});
        state.sockets.send_to(client, &Frame::Text(idle.to_string()));
    }
    job.prompt_id
}

pub fn interrupt(state: &mut State) {
    if matches!(state.queue.running(), Some(Job { text: JobText::Made(_), .. })) {
        finish(state, &Outcome::Interrupted);
    }
}

impl Change {
    pub fn queue(&self, state: &mut State) {
        if self.clear {
            state.queue.clear();
            state.sockets.send_status(state.queue.remaining());
        }
        for prompt_id in &self.delete {
            if state.queue.delete(prompt_id) {
                // ComfyUI clears the queue when it takes out the last that waits, and rings for both.
                if state.queue.waiting() == 0 {
                    state.sockets.send_status(state.queue.remaining());
                }
                state.sockets.send_status(state.queue.remaining());
            }
        }
    }

    /// Nobody hears of what is taken from the history.
    pub fn history(&self, state: &mut State) {
        if self.clear {
            state.history.clear();
        }
        for prompt_id in &self.delete {
            state.history.delete(prompt_id);
        }
    }
}
