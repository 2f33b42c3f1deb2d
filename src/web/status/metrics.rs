//! `GET /metrics`: counts for Prometheus, in the text form of OpenMetrics. What is kept is asked of the store each time.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::metrics::{Exposition, Metrics};
use crate::model::{ConnectionState, Filter, InstanceName, Status};
use crate::store::History;
use crate::web::http::headers::Cache;
use crate::web::http::problem::Problem;
use crate::web::site::state::Vitals;

const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Numbers for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text"), crate::web::http::described::Refused)
)]
pub async fn metrics(State(vitals): State<Vitals>, State(metrics): State<Metrics>) -> Result<Response, Problem> {
    let mut text = Exposition::default();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.gauges("build_info", "The version of the daemon", [(&version[..], 1)]);
    let started = vitals.started_at.as_millis().unsigned_abs() / 1_000;
    text.gauge("start_time_seconds", "When the daemon started, in seconds since 1970", started);
    kept(&vitals, &mut text).await?;
    heard(&vitals, &mut text).await?;
    metrics.tell(&mut text);
    Ok(([(CONTENT_TYPE, OPENMETRICS)], axum::Extension(Cache::Never), text.finish()).into_response())
}

async fn kept(vitals: &Vitals, text: &mut Exposition) -> Result<(), Problem> {
    let mut generations = Vec::new();
    for instance in vitals.history.instances().await? {
        for status in Status::ALL {
            generations.push((instance.to_string(), status, count(&vitals.history, &instance, status).await?));
        }
    }
    let generations: Vec<_> = generations
        .iter()
        .map(|(instance, status, number)| ([("instance", instance.as_str()), ("status", status.as_str())], *number))
        .collect();
    text.gauges("generations", "Recorded runs", generations.iter().map(|(labels, number)| (&labels[..], *number)));
    let size = vitals.history.size().await?;
    let files = [("stored", size.files), ("pending", size.pending_files), ("missing", size.missing_files)];
    let files = files.map(|(state, number)| ([("state", state)], number));
    let help = "Kept files, equal ones once; those still to be fetched; those that are gone";
    text.gauges("files", help, files.iter().map(|(labels, number)| (&labels[..], *number)));
    text.gauge("files_bytes", "What the kept files weigh", size.files_bytes);
    text.gauge("records_bytes", "What the database and the search index weigh", size.records_bytes);
    // A disk that can't be asked says nothing.
    if let Ok(space) = vitals.blobs.space().await {
        text.gauge("disk_free_bytes", "What may still be written to the disk of the files", space.free);
        text.gauge("disk_size_bytes", "The size of that disk", space.total);
    }
    let waiting = vitals.history.index_progress().await?.waiting;
    text.gauge("unindexed_generations", "Runs that searches may not find yet", waiting);
    let messages = vitals.history.deliveries_waiting().await?;
    text.gauge("webhook_messages_waiting", "Messages to webhooks that nobody took yet", messages);
    let storage = vitals.live.storage();
    text.gauge("storage_writable", "Whether records can be written", u64::from(storage.records.is_none()));
    text.gauge("files_writable", "Whether files can be kept", u64::from(storage.files.is_none()));
    Ok(())
}

async fn heard(vitals: &Vitals, text: &mut Exposition) -> Result<(), Problem> {
    let health = vitals.live.health();
    let (mut connected, mut queue) = (Vec::new(), Vec::new());
    for health in &health {
        let labels = [("instance", health.name.as_str())];
        connected.push((labels, u64::from(health.connection == ConnectionState::Connected)));
        queue.extend(health.queue_remaining.map(|remaining| (labels, remaining)));
    }
    let help = "Whether ComfyUI can be heard";
    text.gauges("instance_connected", help, connected.iter().map(|(labels, number)| (&labels[..], *number)));
    let help = "Runs waiting and running, by the last word of ComfyUI";
    text.gauges("queue_remaining", help, queue.iter().map(|(labels, number)| (&labels[..], *number)));
    let tallies = vitals.history.gap_tallies().await?;
    let gaps: Vec<_> = tallies
        .iter()
        .map(|tally| {
            let missed = if tally.may_have_missed { "maybe" } else { "no" };
            let labels = [("instance", tally.instance.as_str()), ("reason", tally.kind.as_str()), ("missed", missed)];
            (labels, tally.gaps)
        })
        .collect();
    let help = "Times in which an instance wasn't listened to";
    text.gauges("gaps", help, gaps.iter().map(|(labels, number)| (&labels[..], *number)));
    Ok(())
}

async fn count(history: &History, instance: &InstanceName, status: Status) -> Result<u64, Problem> {
    let filter = Filter { instance: Some(instance.clone()), statuses: vec![status], ..Filter::default() };
    Ok(history.count(filter).await?)
}
