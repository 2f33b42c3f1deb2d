//! `GET /api/v1/status` and `GET /api/v1/instances`: how the daemon and what it listens to are doing.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Comfyui, Filter, Gap, GapKind, Health, InstanceName, Status, StorageHealth, Timestamp, Trouble};
use crate::store::History;
use crate::web::http::answer::json;
use crate::web::http::described::Refused;
use crate::web::http::problem::Problem;
use crate::web::site::state::Vitals;

/// Gaps that are told, the last ones.
const GAPS: u32 = 50;

#[derive(Serialize, ToSchema)]
#[schema(as = Instances)]
struct InstancesAnswer {
    items: Vec<Instance>,
}

/// A ComfyUI server that is recorded, or was once.
#[derive(Serialize, ToSchema)]
struct Instance {
    #[schema(value_type = String, example = "default")]
    name: InstanceName,
    /// Whether it is recorded now.
    is_configured: bool,
    /// Its address, without user and password.
    url: Option<String>,
    /// `connecting`, `connected` or `away`; null where it isn't recorded any more.
    state: Option<&'static str>,
    /// Why it is away.
    reason: Option<String>,
    /// The same for programs.
    reason_code: Option<&'static str>,
    /// Since when its state is what it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Runs that wait and run, by its last word.
    queue_remaining: Option<u64>,
    comfyui: Option<Comfyui>,
    generations: Counts,
}

/// Recorded runs by status.
#[derive(Serialize, ToSchema)]
struct Counts {
    pending: u64,
    in_progress: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
    lost: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServerStatus)]
struct StatusAnswer {
    version: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    storage: Storage,
    index: Index,
    instances: Vec<Instance>,
    /// The last times in which an instance wasn't listened to, the latest first.
    gaps: Vec<GapBody>,
}

/// What is kept, and what room there is. Sizes are in bytes.
#[derive(Serialize, ToSchema)]
struct Storage {
    /// Whether records can be written.
    is_writable: bool,
    /// Why they can't.
    reason: Option<String>,
    /// The same for programs.
    reason_code: Option<&'static str>,
    /// Whether the records of kept files are gone, as `recall.db` was missing or empty at a start.
    are_records_lost: bool,
    /// Whether files can be kept, which may fail while records are written.
    can_keep_files: bool,
    /// Why they can't.
    files_reason: Option<String>,
    /// The same for programs.
    files_reason_code: Option<&'static str>,
    generations: u64,
    /// Kept files, equal ones once.
    files: u64,
    files_bytes: u64,
    /// The database and the search index.
    records_bytes: u64,
    /// Files that are still to be fetched.
    pending_files: u64,
    /// Files that are gone.
    missing_files: u64,
    disk_free_bytes: Option<u64>,
    disk_size_bytes: Option<u64>,
}

/// How far the search index is.
#[derive(Serialize, ToSchema)]
struct Index {
    /// Runs that searches may not find yet.
    waiting: u64,
    /// Runs that there are.
    runs: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Gap)]
struct GapBody {
    id: i64,
    #[schema(value_type = String)]
    instance: InstanceName,
    kind: GapKind,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// Null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    reason: Option<String>,
    reason_code: Option<&'static str>,
    /// Whether runs may have come and gone unseen; null as long as nobody knows.
    may_have_missed: Option<bool>,
    /// How many did, for `runs_unseen`; else null.
    runs: Option<u64>,
    /// When somebody said that they know of it, so that pages no longer tell of it at their top.
    #[schema(value_type = Option<String>, format = DateTime)]
    dismissed_at: Option<Timestamp>,
}

/// The ComfyUI servers that are recorded, or were once.
#[utoipa::path(
    get, path = "/api/v1/instances", tag = "server", responses((status = 200, body = InstancesAnswer), Refused)
)]
pub async fn instances(State(vitals): State<Vitals>) -> Result<Response, Problem> {
    Ok(json(serde_json::to_vec(&InstancesAnswer { items: known(&vitals).await? })?))
}

/// How the daemon is doing.
#[utoipa::path(get, path = "/api/v1/status", tag = "server", responses((status = 200, body = StatusAnswer), Refused))]
pub async fn status(State(vitals): State<Vitals>) -> Result<Response, Problem> {
    let index = vitals.history.index_progress().await?;
    let answer = StatusAnswer {
        version: env!("CARGO_PKG_VERSION"),
        started_at: vitals.started_at,
        storage: storage(&vitals).await?,
        index: Index { waiting: index.waiting, runs: index.runs },
        instances: known(&vitals).await?,
        gaps: vitals.history.gaps(GAPS).await?.into_iter().map(gap).collect(),
    };
    Ok(json(serde_json::to_vec(&answer)?))
}

/// Those that are recorded, then those that were.
async fn known(vitals: &Vitals) -> Result<Vec<Instance>, Problem> {
    let mut instances = Vec::new();
    for health in vitals.live.health() {
        instances.push(configured(health, &vitals.history).await?);
    }
    for name in vitals.history.instances().await? {
        if instances.iter().all(|known| known.name != name) {
            instances.push(Instance {
                generations: counts(&vitals.history, &name).await?,
                name,
                is_configured: false,
                url: None,
                state: None,
                reason: None,
                reason_code: None,
                since: None,
                queue_remaining: None,
                comfyui: None,
            });
        }
    }
    Ok(instances)
}

async fn configured(health: Health, history: &History) -> Result<Instance, Problem> {
    let reason = health.connection.trouble();
    Ok(Instance {
        generations: counts(history, &health.name).await?,
        is_configured: true,
        state: Some(health.connection.as_str()),
        reason: reason.map(Trouble::to_string),
        reason_code: reason.and_then(Trouble::code),
        since: Some(health.since),
        queue_remaining: health.queue_remaining,
        url: Some(health.address),
        comfyui: Some(health.comfyui),
        name: health.name,
    })
}

async fn counts(history: &History, instance: &InstanceName) -> Result<Counts, Problem> {
    let count = async |status| {
        history.count(Filter { instance: Some(instance.clone()), statuses: vec![status], ..Filter::default() }).await
    };
    Ok(Counts {
        pending: count(Status::Pending).await?,
        in_progress: count(Status::InProgress).await?,
        completed: count(Status::Completed).await?,
        failed: count(Status::Failed).await?,
        cancelled: count(Status::Cancelled).await?,
        lost: count(Status::Lost).await?,
    })
}

async fn storage(vitals: &Vitals) -> Result<Storage, Problem> {
    let size = vitals.history.size().await?;
    let space = vitals.blobs.space().await.ok();
    let StorageHealth { records: refused, files: files_refused } = vitals.live.storage();
    Ok(Storage {
        is_writable: refused.is_none(),
        reason: refused.as_ref().map(Trouble::to_string),
        reason_code: refused.as_ref().and_then(Trouble::code),
        are_records_lost: vitals.live.is_orphaned(),
        can_keep_files: files_refused.is_none(),
        files_reason: files_refused.as_ref().map(Trouble::to_string),
        files_reason_code: files_refused.as_ref().and_then(Trouble::code),
        generations: size.generations,
        files: size.files,
        files_bytes: size.files_bytes,
        records_bytes: size.records_bytes,
        pending_files: size.pending_files,
        missing_files: size.missing_files,
        disk_free_bytes: space.map(|space| space.free),
        disk_size_bytes: space.map(|space| space.total),
    })
}

fn gap(gap: Gap) -> GapBody {
    GapBody {
        id: gap.id,
        instance: gap.instance,
        kind: gap.kind,
        started_at: gap.started_at,
        ended_at: gap.ended_at,
        reason: gap.reason.as_ref().map(Trouble::to_string),
        reason_code: gap.reason.as_ref().and_then(Trouble::code),
        may_have_missed: gap.ended_at.map(|_| gap.may_have_missed),
        runs: gap.runs,
        dismissed_at: gap.dismissed_at,
    }
}
