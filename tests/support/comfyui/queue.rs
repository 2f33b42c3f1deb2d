//! What `/queue` tells: at most one run that is in progress, and a heap of those that wait.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::run::Made;

/// A run in the queue.
#[derive(Debug, Clone)]
pub struct Job {
    pub prompt_id: String,
    pub client_id: Option<String>,
    pub number: f64,
    pub text: JobText,
}

/// What `/queue` shows of it.
#[derive(Debug, Clone)]
pub enum JobText {
    Verbatim(Arc<str>),
    Made(Arc<Made>),
}

impl Job {
    pub fn item(&self) -> Cow<'_, str> {
        match &self.text {
            JobText::Verbatim(item) => item.as_ref().into(),
            JobText::Made(made) => made.item().into(),
        }
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Job {}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Job {
    /// As Python compares the items: by number, then by id.
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.total_cmp(&other.number).then_with(|| self.prompt_id.cmp(&other.prompt_id))
    }
}

#[derive(Debug, Default)]
pub struct Queue {
    running: Option<Job>,
    pending: BinaryHeap<Reverse<Job>>,
}

impl Queue {
    /// `queue_remaining`: those that wait and the one in progress.
    pub fn remaining(&self) -> usize {
        self.pending.len() + usize::from(self.running.is_some())
    }

    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    pub fn push(&mut self, job: Job) {
        self.pending.push(Reverse(job));
    }

    pub fn running(&self) -> Option<&Job> {
        self.running.as_ref()
    }

    /// Starts the first that waits.
    pub fn start(&mut self) -> Option<&Job> {
        assert!(self.running.is_none(), "ComfyUI runs one prompt at a time");
        self.running = self.pending.pop().map(|Reverse(job)| job);
        self.running.as_ref()
    }

    /// Starts a certain one: a recording says which came next.
    pub fn start_this(&mut self, prompt_id: &str) {
        let job = self.pending.iter().find(|Reverse(job)| job.prompt_id == prompt_id).map(|Reverse(job)| job.clone());
        let job = job.unwrap_or_else(|| panic!("{prompt_id} doesn't wait"));
        assert!(self.running.is_none(), "ComfyUI runs one prompt at a time");
        self.pending.retain(|Reverse(waiting)| *waiting != job);
        self.running = Some(job);
    }

    pub fn take_running(&mut self) -> Option<Job> {
        self.running.take()
    }

    /// Removes the first that has this id; says whether there was one.
    pub fn delete(&mut self, prompt_id: &str) -> bool {
        let job = self.pending.iter().find(|Reverse(job)| job.prompt_id == prompt_id).map(|Reverse(job)| job.clone());
        if let Some(job) = &job {
            self.pending.retain(|Reverse(waiting)| waiting != job);
        }
        job.is_some()
    }

    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// `GET /queue`, the waiting ones in the order of the heap.
    pub fn snapshot(&self) -> (Vec<Job>, Vec<Job>) {
        (self.running.iter().cloned().collect(), self.pending.iter().map(|Reverse(job)| job.clone()).collect())
    }
}
