//! What is counted while the daemon runs, for `/metrics`: how soon files are safe, and what is asked of the server.
//! Counts of what is kept aren't here: the store knows them.
//!
//! Labels are ours alone, never texts from outside: a route as it stands in the table, a status code.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::model::InstanceName;

/// What stands before every name.
pub const PREFIX: &str = "comfy_recall";

/// Seconds from the end of a run until one of its files is safe.
const CAPTURE: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// Seconds that an answer takes until its body begins.
const ANSWER: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// A handle to the counts; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Registry,
    captures: Family<OfInstance, Histogram>,
    requests: Family<Request, Counter>,
    answers: Family<OfRoute, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfInstance {
    instance: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRoute {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    code: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let captures = Family::new_with_constructor((|| Histogram::new(CAPTURE)) as fn() -> Histogram);
        let answers = Family::new_with_constructor((|| Histogram::new(ANSWER)) as fn() -> Histogram);
        let requests = Family::default();
        let captured = "Time from the end of a run, by ComfyUI's clock, until one of its files is safe";
        registry.register_with_unit("capture", captured, Unit::Seconds, captures.clone());
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let answered = "Time until the head of an answer was ready";
        registry.register_with_unit("http_request_duration", answered, Unit::Seconds, answers.clone());
        Self(Arc::new(Shared { registry, captures, requests, answers }))
    }
}

impl Metrics {
    /// A file is safe, so long after its run ended.
    pub fn captured(&self, instance: &InstanceName, after: Duration) {
        let of = OfInstance { instance: instance.to_string() };
        self.0.captures.get_or_create(&of).observe(after.as_secs_f64());
    }

    /// A request was answered. `route`: as it stands in the table of routes.
    pub fn answered(&self, method: &http::Method, route: &str, code: u16, took: Duration) {
        let known = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT", "PATCH"];
        let method = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        self.0.requests.get_or_create(&Request { method, route: route.to_owned(), code }).inc();
        self.0.answers.get_or_create(&OfRoute { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// What was counted.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
