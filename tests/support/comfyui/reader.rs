//! Turns the lines of a recording into the steps that a stand-in can do again.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::history::Entry;
use super::queue::{Job, JobText};
use super::recording::{Accepted, Event, Line, Recording, Step};
use super::routes::Change;

#[derive(Deserialize)]
struct EntryHead {
    prompt: Box<RawValue>,
}

/// Reads the lines in their order. A recorder writes down an answer after the frames that it caused, so every step is
/// taken at the first line that shows it.
pub struct Reader<'r> {
    lines: &'r [Line],
    at: usize,
    client: String,
    steps: Vec<Step>,
    /// The runs that the recording accepts further on, or queued ahead of their line.
    unqueued: Vec<(usize, Accepted)>,
    /// Ids and numbers of the queue, with the run in progress.
    waiting: Vec<(String, f64)>,
    running: Option<String>,
    /// How often the observer was told of the queue.
    heard: usize,
    /// Prompts without a client: nobody is told when they start and end.
    silent: HashSet<String>,
}

impl<'r> Reader<'r> {
    pub fn new(recording: &'r Recording) -> Self {
        let accepted = recording.lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.accepted()?)));
        let unqueued: Vec<_> = accepted.collect();
        let sid =
            |line: &Line| line.event().filter(|_| line.is_by("submitter"))?.data["sid"].as_str().map(str::to_owned);
        let silent = unqueued.iter().filter(|(_, accepted)| accepted.asked.client_id.is_none());
        Self {
            lines: &recording.lines,
            at: 0,
            client: recording.lines.iter().find_map(sid).unwrap(),
            steps: Vec::new(),
            silent: silent.map(|(_, accepted)| accepted.given.prompt_id.clone()).collect(),
            unqueued,
            waiting: Vec::new(),
            heard: 0,
            running: None,
        }
    }

    pub fn read(mut self) -> Vec<Step> {
        let queued: HashSet<_> = self.unqueued.iter().map(|(_, accepted)| accepted.given.prompt_id.clone()).collect();
        let earlier = self.lines.iter().flat_map(Line::entries).filter(|(id, _)| !queued.contains(id));
        let earlier: HashMap<_, _> = earlier.collect();
        for (prompt_id, entry) in earlier {
            let entry = Entry::Verbatim(entry.get().into());
            self.steps.push(Step::Preload { prompt_id, entry });
        }
        for at in 0..self.lines.len() {
            self.at = at;
            let line = &self.lines[at];
            self.read_exchange(line);
            if line.is_by("submitter") {
                self.read_submitter(line);
            } else if line.is_by("observer") {
                self.read_observer(line);
            }
        }
        self.steps
    }

    fn read_submitter(&mut self, line: &Line) {
        let Some(frame) = line.frame() else { return };
        let event = line.event();
        if let Some(event) = &event {
            if event.kind == "status" {
                return;
            }
            if event.kind == "execution_start" {
                self.start(event.prompt_id().unwrap());
            }
        }
        if self.running.as_ref().is_some_and(|running| self.silent.contains(running)) {
            return; // The observer heard the same.
        }
        self.steps.push(Step::TellClient(self.client.clone(), frame));
        if let Some(event) = event.filter(Event::ends) {
            self.finish(event.prompt_id().unwrap());
        }
    }

    fn read_observer(&mut self, line: &Line) {
        let Some(frame) = line.frame() else { return };
        let event = line.event();
        if let Some(event) = event.filter(|event| event.kind == "status") {
            if event.data.get("sid").is_some() {
                return; // The greeting.
            }
            let remaining = event.data["status"]["exec_info"]["queue_remaining"].as_u64().unwrap();
            self.read_status(usize::try_from(remaining).unwrap());
        } else {
            self.steps.push(Step::TellAll(frame));
        }
    }

    /// More remain: one was queued. As many remain: the next was started. Fewer remain: told by other lines, except for
    /// a run that has no client to tell.
    fn read_status(&mut self, remaining: usize) {
        self.heard += 1;
        if self.heard <= self.tellings() {
            return; // Late: another line showed it already.
        }
        match remaining.cmp(&self.waiting.len()) {
            Ordering::Greater => {
                let next = self.unqueued[0].1.given.prompt_id.clone();
                self.queue(&next);
            }
            Ordering::Equal if self.running.is_none() => {
                let numbers = self.waiting.iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
                if let Some((next, _)) = numbers.cloned() {
                    self.start(&next);
                }
            }
            Ordering::Less => {
                if let Some(silent) = self.running.clone().filter(|running| self.silent.contains(running)) {
                    self.finish(&silent);
                }
            }
            Ordering::Equal => {}
        }
    }

    fn read_exchange(&mut self, line: &Line) {
        if let Some(accepted) = line.accepted() {
            if self.unqueued.iter().any(|(at, _)| *at == self.at) {
                self.queue(&accepted.given.prompt_id);
            }
            return;
        }
        let (Some(http), Some(200)) = (&line.http, line.status) else { return };
        let change = || -> Change { serde_json::from_str(line.request.as_ref().unwrap().get()).unwrap() };
        match http.split_once(' ').unwrap() {
            ("GET", path) if path.starts_with("/history") || path == "/queue" => {
                let body = line.body.as_ref().unwrap().get().to_owned();
                self.steps.push(Step::Asked { path: path.to_owned(), body });
            }
            ("POST", "/queue") => {
                let change = change();
                let is_running = |id: &String| self.running.as_ref() == Some(id);
                self.waiting.retain(|(id, _)| is_running(id) || !(change.clear || change.delete.contains(id)));
                self.steps.extend(change.clear.then_some(Step::ClearQueue));
                self.steps.push(Step::DeleteFromQueue(change.delete));
            }
            ("POST", "/history") => {
                let change = change();
                self.steps.extend(change.clear.then_some(Step::ClearHistory));
                self.steps.push(Step::DeleteFromHistory(change.delete));
            }
            _ => {}
        }
    }

    /// How often the steps so far tell the observer of the queue.
    fn tellings(&self) -> usize {
        let told = |step: &Step| match step {
            Step::Queue(_) | Step::Start(_) | Step::Finish { .. } | Step::ClearQueue => 1,
            Step::DeleteFromQueue(ids) => ids.len(),
            _ => 0,
        };
        self.steps.iter().map(told).sum()
    }

    fn queue(&mut self, prompt_id: &str) {
        let at = self.unqueued.iter().position(|(_, accepted)| accepted.given.prompt_id == prompt_id);
        let (_, accepted) = self.unqueued.remove(at.unwrap_or_else(|| panic!("{prompt_id} was never queued")));
        self.waiting.push((prompt_id.to_owned(), accepted.given.number.as_f64().unwrap()));
        let item = self.item(&accepted);
        self.steps.push(Step::Queue(Job {
            prompt_id: prompt_id.to_owned(),
            client_id: accepted.asked.client_id.clone(),
            number: accepted.given.number.as_f64().unwrap(),
            text: JobText::Verbatim(item),
        }));
    }

    fn start(&mut self, prompt_id: &str) {
        if self.running.as_deref() == Some(prompt_id) {
            return;
        }
        if !self.waiting.iter().any(|(id, _)| id == prompt_id) {
            self.queue(prompt_id);
        }
        self.steps.push(Step::Start(prompt_id.to_owned()));
        self.running = Some(prompt_id.to_owned());
    }

    fn finish(&mut self, prompt_id: &str) {
        let entry = self.shown(prompt_id).unwrap_or_else(|| self.told(prompt_id));
        self.steps.push(Step::Finish { prompt_id: prompt_id.to_owned(), entry: Entry::Verbatim(entry) });
        self.running = None;
        self.waiting.retain(|(id, _)| id != prompt_id);
    }

    /// The entry as the history showed it afterwards.
    fn shown(&self, prompt_id: &str) -> Option<Arc<str>> {
        let mut later = self.lines[self.at..].iter().map(Line::entries);
        later.find_map(|mut entries| entries.remove(prompt_id)).map(|entry| entry.get().into())
    }

    /// The entry as the events tell it, for a run that nobody looked at afterwards.
    fn told(&self, prompt_id: &str) -> Arc<str> {
        let is_of = |event: &Event| event.prompt_id() == Some(prompt_id);
        let events: Vec<_> = self.lines.iter().filter_map(Line::event).filter(is_of).collect();
        let outputs: serde_json::Map<_, _> = events
            .iter()
            .filter(|event| event.kind == "executed")
            .map(|event| (event.data["node"].as_str().unwrap().to_owned(), event.data["output"].clone()))
            .collect();
        let kept =
            |event: &&Event| event.ends() || matches!(event.kind.as_str(), "execution_start" | "execution_cached");
        let messages: Vec<_> = events.iter().filter(kept).map(|event| json!([event.kind, event.data])).collect();
        let is_success = events.iter().any(|event| event.kind == "execution_success");
        let word = if is_success { "success" } else { "error" };
        let status = json!({"status_str": word, "completed": is_success, "messages": messages});
        let queued = self.steps.iter().rev().find_map(|step| match step {
            Step::Queue(Job { prompt_id: id, text: JobText::Verbatim(item), .. }) if id == prompt_id => Some(item),
            _ => None,
        });
        let item = queued.unwrap();
        format!(r#"{{"prompt":{item},"outputs":{},"status":{status},"meta":{{}}}}"#, json!(outputs)).into()
    }

    /// What `/queue` showed: the history's own words, else those of `/queue`, else put together from the request.
    fn item(&self, accepted: &Accepted) -> Arc<str> {
        let number = accepted.given.number.to_string();
        let id = &accepted.given.prompt_id;
        let is_this = |item: &str| item.starts_with(&format!("[{number},{}", json!(id)));
        let in_history = self.lines.iter().filter_map(|line| {
            let entry = line.entries().remove(id)?;
            Some(serde_json::from_str::<EntryHead>(entry.get()).unwrap().prompt)
        });
        let in_queue = self.lines.iter().filter(|line| line.is("GET /queue")).flat_map(|line| {
            let body: HashMap<String, Vec<Box<RawValue>>> =
                serde_json::from_str(line.body.as_ref().unwrap().get()).unwrap();
            body.into_values().flatten()
        });
        let mut shown = in_queue.chain(in_history).filter(|item| is_this(item.get()));
        shown.next().map_or_else(|| put_together(accepted), |item| item.get().into())
    }
}

fn put_together(Accepted { asked, given }: &Accepted) -> Arc<str> {
    let mut extra = asked.extra_data.clone();
    extra.extend(asked.client_id.iter().map(|client| ("client_id".to_owned(), json!(client))));
    format!("[{},{},{},{},[]]", given.number, json!(given.prompt_id), asked.prompt.get(), json!(extra)).into()
}
