//! What is counted while the daemon runs, for `/metrics`: how soon files are safe, and what is asked of the server; and the
//! text form of such counts. Counts of what is kept aren't here: the store knows them.
//!
//! Labels are ours alone, never texts from outside: a route as it stands in the table, a status code.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::InstanceName;

/// Seconds from the end of a run until one of its files is safe.
const CAPTURE: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// Seconds that an answer takes until its body begins.
const ANSWER: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// A handle to the counts; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<InstanceCounts>>);

#[derive(Debug, Default)]
struct InstanceCounts {
    captures: BTreeMap<String, Histogram<{ CAPTURE.len() }>>,
    /// By method, route and status code.
    requests: BTreeMap<(&'static str, String, u16), u64>,
    answers: BTreeMap<String, Histogram<{ ANSWER.len() }>>,
}

/// How many of what was measured fell below each bound.
#[derive(Debug)]
struct Histogram<const BOUNDS: usize> {
    bounds: &'static [f64; BOUNDS],
    /// Of each bound, those that are above the one before.
    within: [u64; BOUNDS],
    count: u64,
    sum: f64,
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    fn new(bounds: &'static [f64; BOUNDS]) -> Self {
        Self { bounds, within: [0; BOUNDS], count: 0, sum: 0.0 }
    }

    fn observe(&mut self, seconds: f64) {
        if let Some(at) = self.bounds.iter().position(|bound| seconds <= *bound) {
            self.within[at] += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }
}

impl Metrics {
    /// A file is safe, so long after its run ended.
    pub fn captured(&self, instance: &InstanceName, after: Duration) {
        let mut counts = self.counts();
        let of = counts.captures.entry(instance.to_string()).or_insert_with(|| Histogram::new(&CAPTURE));
        of.observe(after.as_secs_f64());
    }

    /// A request was answered. `route`: as it stands in the table of routes.
    pub fn answered(&self, method: &http::Method, route: &str, code: u16, took: Duration) {
        let known = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT", "PATCH"];
        let method = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        let mut counts = self.counts();
        *counts.requests.entry((method, route.to_owned(), code)).or_default() += 1;
        let of = counts.answers.entry(route.to_owned()).or_insert_with(|| Histogram::new(&ANSWER));
        of.observe(took.as_secs_f64());
    }

    /// Writes what was counted.
    pub fn tell(&self, text: &mut Exposition) {
        let counts = self.counts();
        let captured = "Time from the end of a run, by ComfyUI's clock, until one of its files is safe";
        text.histograms("capture_seconds", captured, "instance", &counts.captures);
        text.family("http_requests", "counter", "", "Requests that were answered");
        for ((method, route, code), number) in &counts.requests {
            let labels = [("method", *method), ("route", route), ("code", &code.to_string())];
            text.sample("http_requests_total", &labels, number);
        }
        let answered = "Time until the head of an answer was ready";
        text.histograms("http_request_duration_seconds", answered, "route", &counts.answers);
    }

    fn counts(&self) -> MutexGuard<'_, InstanceCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts in the text form of OpenMetrics 1.0, every name with `comfy_recall_` before it.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Numbers of the moment, one for each set of labels. A name that ends in a unit of the format says that it is one.
    pub fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (&'a [(&'a str, &'a str)], u64)>,
    ) {
        let unit = if name.ends_with("_bytes") { "bytes" } else { "" };
        self.family(name, "gauge", unit, help);
        for (labels, number) in samples {
            self.sample(name, labels, number);
        }
    }

    /// One number of the moment.
    pub fn gauge(&mut self, name: &str, help: &str, number: u64) {
        self.gauges(name, help, [(&[][..], number)]);
    }

    pub fn finish(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }

    fn histograms<const B: usize>(&mut self, name: &str, help: &str, label: &str, of: &BTreeMap<String, Histogram<B>>) {
        self.family(name, "histogram", "seconds", help);
        for (value, histogram) in of {
            let mut below = 0;
            for (bound, within) in histogram.bounds.iter().zip(histogram.within) {
                below += within;
                self.sample(&format!("{name}_bucket"), &[(label, value), ("le", &format!("{bound:?}"))], below);
            }
            self.sample(&format!("{name}_bucket"), &[(label, value), ("le", "+Inf")], histogram.count);
            self.sample(&format!("{name}_sum"), &[(label, value)], histogram.sum);
            self.sample(&format!("{name}_count"), &[(label, value)], histogram.count);
        }
    }

    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        self.line(format_args!("# HELP comfy_recall_{name} {help}."));
        self.line(format_args!("# TYPE comfy_recall_{name} {kind}"));
        if !unit.is_empty() {
            self.line(format_args!("# UNIT comfy_recall_{name} {unit}"));
        }
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], number: impl fmt::Display) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(format_args!("comfy_recall_{name}{labels} {number}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes every text");
    }
}

/// The value of a label as it stands between quotation marks.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_what_is_at_or_below_each_bound() {
        let metrics = Metrics::default();
        for millis in [50, 51, 3_600_000] {
            metrics.captured(&"studio".parse().unwrap(), Duration::from_millis(millis));
        }
        let mut text = Exposition::default();
        metrics.tell(&mut text);
        let text = text.finish();
        for line in [
            "# TYPE comfy_recall_capture_seconds histogram",
            "# UNIT comfy_recall_capture_seconds seconds",
            r#"comfy_recall_capture_seconds_bucket{instance="studio",le="0.05"} 1"#,
            r#"comfy_recall_capture_seconds_bucket{instance="studio",le="0.1"} 2"#,
            r#"comfy_recall_capture_seconds_bucket{instance="studio",le="1800.0"} 2"#,
            r#"comfy_recall_capture_seconds_bucket{instance="studio",le="+Inf"} 3"#,
            r#"comfy_recall_capture_seconds_sum{instance="studio"} 3600.101"#,
            r#"comfy_recall_capture_seconds_count{instance="studio"} 3"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
        }
        assert!(text.ends_with("\n# EOF\n"));
    }

    #[test]
    fn a_label_may_hold_any_text() {
        let mut text = Exposition::default();
        text.gauges("queue", "Runs", [(&[("instance", "a \"b\"\\\nc")][..], 7)]);
        assert!(text.finish().contains(r#"comfy_recall_queue{instance="a \"b\"\\\nc"} 7"#));
    }
}
