//! What a test orders, breaks and asks.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::fault::{Fault, Route};
use super::files::{Content, File, Place};
use super::history::Entry;
use super::process::ComfyUi;
use super::recording::Step;
use super::routes::Change;
use super::run::{Outcome, Run};
use super::script;
use super::socket::Frame;
use super::state::{Request, State};

/// What it makes.
impl ComfyUi {
    /// Puts a run into the queue; gives its id.
    pub fn queue(&self, run: Run) -> String {
        self.shared.change(|state| script::queue(state, self.shared.setup.version, run)).0
    }

    /// Starts the first that waits; gives its id.
    pub fn start_next(&self) -> String {
        self.shared.change(|state| script::start(state, self.shared.setup.version)).unwrap()
    }

    /// Ends the run in progress; gives its id.
    pub fn finish(&self, outcome: &Outcome) -> String {
        self.shared.change(|state| script::finish(state, outcome))
    }

    /// Queues, starts and finishes a run, when nothing else waits; gives its id.
    pub fn run(&self, run: Run) -> String {
        self.run_to(run, &Outcome::Success)
    }

    /// The same to any end.
    pub fn run_to(&self, run: Run, outcome: &Outcome) -> String {
        let prompt_id = self.queue(run);
        assert_eq!(self.start_next(), prompt_id, "something else waited");
        self.finish(outcome)
    }

    /// As many runs as fast as ComfyUI can, seeds counting up; gives their ids.
    pub fn run_burst(&self, runs: u64, run: &Run) -> Vec<String> {
        (0..runs).map(|seed| self.run(run.clone().with_seed(seed))).collect()
    }

    /// Runs that finished before anybody looked, a minute apart, seeds counting up; gives their ids.
    pub fn preload(&self, runs: u64, run: &Run) -> Vec<String> {
        let first = script::now() - runs * 60_000;
        self.shared.change(|state| {
            (0..runs)
                .map(|seed| {
                    let mut made = script::make(state, self.shared.setup.version, run.clone().with_seed(seed));
                    let started = first + seed * 60_000;
                    made.create_time = made.create_time.map(|_| started - 5);
                    let prompt_id = made.prompt_id.clone();
                    for file in &made.run.files {
                        state.files.put(file.clone());
                    }
                    let (made, outcome) = (Arc::new(made), Outcome::Success);
                    state.history.insert(&prompt_id, Entry::Made { made, outcome, started, ended: started + 2_000 });
                    prompt_id
                })
                .collect()
        })
    }

    /// Somebody pressed stop; nothing happens when nothing runs.
    pub fn interrupt(&self) {
        self.shared.change(script::interrupt);
    }

    pub fn delete_from_queue(&self, prompt_id: &str) {
        let change = Change { delete: vec![prompt_id.to_owned()], clear: false };
        self.shared.change(|state| change.queue(state));
    }

    pub fn clear_queue(&self) {
        self.shared.change(|state| Change { clear: true, delete: Vec::new() }.queue(state));
    }

    pub fn delete_from_history(&self, prompt_id: &str) {
        let change = Change { delete: vec![prompt_id.to_owned()], clear: false };
        self.shared.change(|state| change.history(state));
    }

    pub fn clear_history(&self) {
        self.shared.change(|state| state.history.clear());
    }

    /// The entry of `/history/{prompt_id}`, as JSON text.
    pub fn entry(&self, prompt_id: &str) -> Option<String> {
        self.shared.read(|state| state.history.get(prompt_id).map(|entry| entry.json().into_owned()))
    }

    /// How many runs wait and run.
    pub fn queue_len(&self) -> usize {
        self.shared.read(|state| state.queue.remaining())
    }

    pub fn history_len(&self) -> usize {
        self.shared.read(|state| state.history.len())
    }

    /// Does one step of a recording.
    pub fn play(&self, step: Step) {
        self.shared.change(|state| step.play(state));
    }
}

/// Its files.
impl ComfyUi {
    /// Writes a file, or uploads one to `input`.
    pub fn put(&self, file: File) {
        self.shared.change(|state| state.files.put(file));
    }

    pub fn put_fixtures(&self) {
        self.shared.change(|state| state.files.put_fixtures());
    }

    pub fn remove(&self, place: &Place) {
        self.shared.change(|state| state.files.remove(place));
    }

    pub fn wipe_temp(&self) {
        self.shared.change(|state| state.files.wipe_temp());
    }

    pub fn find(&self, place: &Place) -> Option<Content> {
        self.shared.read(|state| state.files.find(place))
    }

    /// The folder that holds `output`, `temp` and `input`, when they are real.
    pub fn folder(&self) -> PathBuf {
        self.shared.read(|state| state.files.root().map(PathBuf::from)).unwrap()
    }
}

/// What goes wrong.
impl ComfyUi {
    /// Every answer on this route, until `heal`.
    pub fn fail(&self, route: Route, fault: Fault) {
        self.fail_times(route, fault, usize::MAX);
    }

    /// The next answers on this route. `Hold` and `Stall` stay until `heal`.
    pub fn fail_times(&self, route: Route, fault: Fault, times: usize) {
        self.shared.change(|state| state.faults.set(route, fault, times));
    }

    /// Lifts the fault; what was held goes on.
    pub fn heal(&self, route: Route) {
        self.shared.change(|state| state.faults.lift(route));
    }

    /// Answers nothing about the history until `release_history`.
    pub fn hold_history(&self) {
        self.fail(Route::History, Fault::Hold);
        self.fail(Route::HistoryOf, Fault::Hold);
    }

    pub fn release_history(&self) {
        self.heal(Route::History);
        self.heal(Route::HistoryOf);
    }

    /// A frame for everybody.
    pub fn send(&self, frame: &Frame) {
        self.shared.change(|state| state.sockets.send_all(frame));
    }

    /// A frame that no WebSocket client can take: reserved bits, and an opcode that doesn't exist.
    pub fn send_malformed_frame(&self) {
        self.send(&Frame::Raw(Bytes::from_static(&[0xff, 0x02, 0x00, 0x00])));
    }

    /// A frame whose head says that so many bytes follow; they never do.
    pub fn send_head_of_huge_frame(&self, bytes: u64) {
        self.send(&Frame::Raw([&[0x81, 127], &bytes.to_be_bytes()[..]].concat().into()));
    }

    /// Tells everybody the length of the queue, though nothing happened.
    pub fn ring(&self) {
        self.shared.change(|state| state.sockets.send_status(state.queue.remaining()));
    }

    /// Breaks every WebSocket.
    pub fn close_sockets(&self) {
        self.shared.change(|state| state.sockets.break_all());
    }
}

/// What it saw.
impl ComfyUi {
    /// Every request since the start, or since they were forgotten.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.read(|state| state.requests.clone())
    }

    pub fn requests_to(&self, route: Route) -> usize {
        self.shared.read(|state| count(state, route))
    }

    pub fn forget_requests(&self) {
        self.shared.change(|state| state.requests.clear());
    }

    pub fn sockets(&self) -> usize {
        self.shared.read(|state| state.sockets.len())
    }

    /// Waits until so many requests came in on this route.
    pub async fn until_asked(&self, route: Route, times: usize) {
        let what = format!("{times} requests to {route:?}");
        self.shared.expect(&what, |state| (count(state, route) >= times).then_some(())).await;
    }

    /// Waits until so many requests came in on any route.
    pub async fn until_any_asked(&self, times: usize) {
        let what = format!("{times} requests");
        self.shared.expect(&what, |state| (state.requests.len() >= times).then_some(())).await;
    }

    /// Waits until so many sockets are connected.
    pub async fn until_sockets(&self, sockets: usize) {
        let what = format!("{sockets} sockets");
        self.shared.expect(&what, |state| (state.sockets.len() == sockets).then_some(())).await;
    }
}

fn count(state: &State, route: Route) -> usize {
    state.requests.iter().filter(|request| request.route == route).count()
}
