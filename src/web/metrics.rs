//! `GET /metrics`: counts for Prometheus, in the text form of OpenMetrics. What is kept is asked of the store each time.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::error::Error;
use super::headers::Cache;
use super::site::App;
use crate::metrics::PREFIX;
use crate::model::{ConnectionState, Filter, InstanceName, Status, StorageHealth};
use crate::store::Store;

const OPENMETRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// One number for each set of labels.
type Numbers = Family<Vec<(&'static str, String)>, Gauge>;

/// Numbers of the moment.
struct Moment(Registry);

impl Moment {
    fn numbers(&mut self, name: &str, help: &str) -> Numbers {
        let numbers = Numbers::default();
        self.0.register(name, help, numbers.clone());
        numbers
    }

    fn number(&mut self, name: &str, help: &str, number: u64) {
        self.0.register(name, help, gauge(number));
    }

    fn bytes(&mut self, name: &str, help: &str, number: u64) {
        self.0.register_with_unit(name, help, Unit::Bytes, gauge(number));
    }
}

fn gauge(number: u64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
    gauge
}

fn set(numbers: &Numbers, labels: Vec<(&'static str, String)>, number: u64) {
    numbers.get_or_create(&labels).set(i64::try_from(number).unwrap_or(i64::MAX));
}

/// Numbers for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text"), super::api::Refused)
)]
pub async fn metrics(State(app): State<App>) -> Result<Response, Error> {
    let mut moment = Moment(Registry::with_prefix(PREFIX));
    let info = moment.numbers("build_info", "The version of the daemon");
    set(&info, vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1);
    let started = app.started_at.as_millis().unsigned_abs() / 1_000;
    moment.number("start_time_seconds", "When the daemon started, in seconds since 1970", started);
    kept(&app, &mut moment).await?;
    heard(&app, &mut moment).await?;
    let mut text = String::new();
    let written = encode_registry(&mut text, &moment.0)
        .and_then(|()| encode_registry(&mut text, app.metrics.registry()))
        .and_then(|()| encode_eof(&mut text));
    written.map_err(Error::Metrics)?;
    Ok(([(CONTENT_TYPE, OPENMETRICS)], axum::Extension(Cache::Never), text).into_response())
}

async fn kept(app: &App, moment: &mut Moment) -> Result<(), Error> {
    let generations = moment.numbers("generations", "Recorded runs");
    for instance in app.store.instances().await? {
        for status in Status::ALL {
            let number = count(&app.store, &instance, status).await?;
            set(&generations, vec![("instance", instance.to_string()), ("status", status.to_string())], number);
        }
    }
    let size = app.store.size().await?;
    let files = moment.numbers("files", "Kept files, equal ones once; those still to be fetched; those that are gone");
    for (state, number) in [("stored", size.files), ("pending", size.pending_files), ("missing", size.missing_files)] {
        set(&files, vec![("state", state.to_owned())], number);
    }
    moment.bytes("files", "What the kept files weigh", size.files_bytes);
    moment.bytes("records", "What the database and the search index weigh", size.records_bytes);
    // A disk that can't be asked says nothing.
    if let Ok(space) = app.blobs.space().await {
        moment.bytes("disk_free", "What may still be written to the disk of the files", space.free);
        moment.bytes("disk_size", "The size of that disk", space.total);
    }
    let waiting = app.store.index_progress().await?.waiting;
    moment.number("unindexed_generations", "Runs that searches may not find yet", waiting);
    let is_writable = app.live.storage() == StorageHealth::Writable;
    moment.number("storage_writable", "Whether the last write went through", u64::from(is_writable));
    Ok(())
}

async fn heard(app: &App, moment: &mut Moment) -> Result<(), Error> {
    let connected = moment.numbers("instance_connected", "Whether ComfyUI can be heard");
    let queue = moment.numbers("queue_remaining", "Runs waiting and running, by the last word of ComfyUI");
    for health in app.live.health() {
        let of = || vec![("instance", health.name.to_string())];
        set(&connected, of(), u64::from(health.connection == ConnectionState::Connected));
        if let Some(remaining) = health.queue_remaining {
            set(&queue, of(), remaining);
        }
    }
    let gaps = moment.numbers("gaps", "Times in which an instance wasn't listened to");
    for tally in app.store.gap_tallies().await? {
        let missed = if tally.may_have_missed { "maybe" } else { "no" };
        let labels = [("instance", tally.instance.as_str()), ("reason", tally.kind.as_str()), ("missed", missed)];
        set(&gaps, labels.map(|(name, value)| (name, value.to_owned())).into(), tally.gaps);
    }
    Ok(())
}

async fn count(store: &Store, instance: &InstanceName, status: Status) -> Result<u64, Error> {
    let filter = Filter { instance: Some(instance.clone()), statuses: vec![status], ..Filter::default() };
    Ok(store.count(filter).await?)
}
