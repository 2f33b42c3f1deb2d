//! What can go wrong on the way to a client, switched on and off by a test.

use std::collections::HashMap;

use bytes::Bytes;

/// A family of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    Queue,
    /// The list.
    History,
    /// One run by its id.
    HistoryOf,
    View,
    SystemStats,
    Prompt,
    Jobs,
    Socket,
    Other,
}

impl Route {
    /// The family of a path without prefix and `/api`.
    pub fn of(path: &str) -> Self {
        match path {
            "/queue" => Self::Queue,
            "/history" => Self::History,
            "/view" => Self::View,
            "/system_stats" => Self::SystemStats,
            "/prompt" => Self::Prompt,
            "/jobs" => Self::Jobs,
            "/ws" => Self::Socket,
            path if path.starts_with("/history/") => Self::HistoryOf,
            _ => Self::Other,
        }
    }
}

/// What happens to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answered by this status instead.
    Status(u16),
    /// Answered by this body instead, with status 200.
    Body(String),
    /// Answered by this status, these headers and this body instead.
    Answer(u16, Vec<(&'static str, String)>, Bytes),
    /// Answered by this, and then by this again and again, with little pauses, for as long as anybody listens.
    Endless(Bytes, Bytes),
    /// Not answered before the fault is lifted.
    Hold,
    /// The connection breaks after so many bytes of the body; `Content-Length` promised all of them.
    Truncate(u64),
    /// The same without a `Content-Length`: the last chunk never comes.
    TruncateChunked(u64),
    /// So many bytes come, the others when the fault is lifted.
    Stall(u64),
    /// All of the body comes, but `Content-Length` said so many bytes more.
    PromiseMore(u64),
    /// `Content-Length` says so many bytes less, and the rest never comes.
    PromiseLess(u64),
}

/// Which faults are on, and for how many more requests.
#[derive(Debug, Default)]
pub struct Faults(HashMap<Route, (Fault, usize)>);

impl Faults {
    pub fn set(&mut self, route: Route, fault: Fault, times: usize) {
        self.0.insert(route, (fault, times));
    }

    pub fn lift(&mut self, route: Route) {
        self.0.remove(&route);
    }

    pub fn holds(&self, route: Route) -> bool {
        matches!(self.0.get(&route), Some((Fault::Hold | Fault::Stall(_), _)))
    }

    /// The fault for one request.
    pub fn take(&mut self, route: Route) -> Option<Fault> {
        let (fault, times) = self.0.get_mut(&route)?;
        let fault = fault.clone();
        match &fault {
            Fault::Hold | Fault::Stall(_) => {}
            _ if *times <= 1 => self.lift(route),
            _ => *times -= 1,
        }
        Some(fault)
    }
}
