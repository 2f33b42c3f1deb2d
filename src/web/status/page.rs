//! `/status`: how the daemon and what it listens to are doing.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::model::{
    ConnectionState, Filter, Gap, GapKind, GenerationId, Health, IndexProgress, InstanceName, Limit, Page, Start,
    Status, Timestamp, Trouble, percent_encode, shown_bytes,
};
use crate::store::History;
use crate::web::http::problem::Problem;
use crate::web::site::state::Vitals;
use crate::web::view::format::{self, Moment};
use crate::web::view::frame::{Banner, Frame};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// How many gaps are shown.
const GAPS: u32 = 50;

/// What a run is when it is over.
const ENDED: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Lost];

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    viewer: Viewer,
    t: &'static Catalogue,
    frame: Frame,
    instances: Vec<ServerPanel>,
    /// Recorded once, and no longer configured.
    former: Vec<Former>,
    gaps: Vec<GapRow>,
    has_more_gaps: bool,
    storage: StoragePanel,
    versions: Versions,
}

struct ServerPanel {
    health: Health,
    /// The address, where a browser may go there.
    link: Option<String>,
    since: Since,
    last: Option<LastRun>,
    runs: String,
    running: Runs,
    waiting: Runs,
}

/// A moment, and how far off it is.
struct Since {
    moment: Moment,
    span: String,
}

struct LastRun {
    id: GenerationId,
    name: Option<String>,
    status: Status,
    ended: Since,
}

/// Some runs, and where they are listed.
struct Runs {
    count: u64,
    url: String,
}

struct Former {
    name: InstanceName,
    runs: String,
    url: String,
}

struct GapRow {
    /// Where there are several.
    name: Option<InstanceName>,
    kind: GapKind,
    /// How many runs came and went unseen, where that is known.
    runs: Option<u64>,
    from: Moment,
    /// `None` while it lasts.
    until: Option<Moment>,
    span: String,
    why: Option<Trouble>,
    /// `None` as long as nobody knows.
    may_have_missed: Option<bool>,
}

struct StoragePanel {
    refused: Vec<Trouble>,
    disk: Option<Disk>,
    records: String,
    runs: String,
    files: u64,
    files_size: String,
    pending: u64,
    missing: u64,
    index: IndexProgress,
}

impl StoragePanel {
    fn is_low(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| disk.is_little)
    }
}

struct Disk {
    free: String,
    total: String,
    used: u64,
    is_little: bool,
}

struct Versions {
    recall: &'static str,
    sqlite: &'static str,
    started: Since,
}

/// Answers with the state of things.
pub async fn page(State(vitals): State<Vitals>, viewer: Viewer) -> Result<Response, Problem> {
    let frame = Frame::new(&vitals, viewer.zone, viewer.words).await?;
    let report = StatusReport { vitals: &vitals, viewer: &viewer, now: Timestamp::now() };
    let health = vitals.live.health();
    let known = vitals.history.instances().await?;
    let names: BTreeSet<_> = health.iter().map(|it| &it.name).chain(&known).collect();
    let has_several = names.len() > 1;
    let mut former = Vec::new();
    for name in known.iter().filter(|name| health.iter().all(|it| it.name != **name)) {
        former.push(report.former(name).await?);
    }
    let mut gaps = vitals.history.gaps(GAPS + 1).await?;
    let has_more_gaps = gaps.len() > GAPS as usize;
    // Nobody waits for the return of what isn't listened to.
    gaps.retain(|gap| gap.ended_at.is_some() || health.iter().any(|it| it.name == gap.instance));
    let mut instances = Vec::with_capacity(health.len());
    for health in health {
        instances.push(report.instance(health).await?);
    }
    crate::web::view::respond::respond(&StatusPage {
        frame,
        instances,
        former,
        gaps: report.gaps(gaps, has_several),
        has_more_gaps,
        storage: report.storage().await?,
        versions: Versions {
            recall: env!("CARGO_PKG_VERSION"),
            sqlite: History::sqlite_version(),
            started: report.since(vitals.started_at),
        },
        t: viewer.words,
        viewer: viewer.clone(),
    })
}

/// A look at the state of things, by somebody, now.
struct StatusReport<'a> {
    vitals: &'a Vitals,
    viewer: &'a Viewer,
    now: Timestamp,
}

impl StatusReport<'_> {
    fn since(&self, at: Timestamp) -> Since {
        Since { moment: self.moment(at), span: self.span(at, self.now) }
    }

    fn moment(&self, at: Timestamp) -> Moment {
        format::moment(at, self.viewer.zone, self.viewer.words)
    }

    fn span(&self, from: Timestamp, until: Timestamp) -> String {
        format::span(until.as_millis() - from.as_millis(), self.viewer.words)
    }

    /// How long a gap was: runs that came and went unseen did so within milliseconds.
    fn lasted(&self, from: Timestamp, until: Timestamp) -> String {
        match until.as_millis() - from.as_millis() {
            millis @ 1..1_000 => format::duration(millis, self.viewer.words),
            _ => self.span(from, until),
        }
    }

    async fn instance(&self, health: Health) -> Result<ServerPanel, Problem> {
        let filter = Filter { instance: Some(health.name.clone()), ..Filter::default() };
        let ended = Filter { statuses: ENDED.into(), ..filter.clone() };
        let Page { items, .. } = self.vitals.history.list(ended, Start::Newest, Limit::ONE).await?;
        let last = items.into_iter().next().map(|run| LastRun {
            id: run.id,
            ended: self.since(run.finished_at.unwrap_or(run.created_at)),
            status: run.status,
            name: run.workflow_name,
        });
        let link = Some(&health.address).filter(|it| it.starts_with("http://") || it.starts_with("https://")).cloned();
        Ok(ServerPanel {
            link,
            since: self.since(health.since),
            last,
            runs: self.viewer.words.number(self.vitals.history.count(filter).await?),
            running: self.runs(&health.name, Status::InProgress).await?,
            waiting: self.runs(&health.name, Status::Pending).await?,
            health,
        })
    }

    async fn runs(&self, name: &InstanceName, status: Status) -> Result<Runs, Problem> {
        let filter = Filter { statuses: vec![status], instance: Some(name.clone()), ..Filter::default() };
        let url = format!("{}/?status={status}&instance={}", self.viewer.base, percent_encode(name.as_str()));
        Ok(Runs { count: self.vitals.history.count(filter).await?, url })
    }

    async fn former(&self, name: &InstanceName) -> Result<Former, Problem> {
        let filter = Filter { instance: Some(name.clone()), ..Filter::default() };
        let runs = self.viewer.words.count("matches", self.vitals.history.count(filter).await?);
        let url = format!("{}/?instance={}", self.viewer.base, percent_encode(name.as_str()));
        Ok(Former { url, runs, name: name.clone() })
    }

    /// Those that last come first.
    fn gaps(&self, mut gaps: Vec<Gap>, has_several: bool) -> Vec<GapRow> {
        gaps.truncate(GAPS as usize);
        gaps.sort_by_key(|gap| gap.ended_at.is_some());
        let rows = gaps.into_iter().map(|gap| {
            // We run again; only what it cost isn't known before ComfyUI is heard.
            let is_ours = gap.kind == GapKind::RecallStopped;
            let until = gap.ended_at.or(is_ours.then_some(self.vitals.started_at));
            GapRow {
                name: has_several.then_some(gap.instance),
                kind: gap.kind,
                runs: gap.runs,
                from: self.moment(gap.started_at),
                until: until.map(|at| self.moment(at)),
                span: self.lasted(gap.started_at, until.unwrap_or(self.now)),
                why: gap.reason,
                may_have_missed: gap.ended_at.map(|_| gap.may_have_missed),
            }
        });
        rows.collect()
    }

    async fn storage(&self) -> Result<StoragePanel, Problem> {
        let size = self.vitals.history.size().await?;
        let disk = self.vitals.blobs.space().await.ok().map(|space| Disk {
            free: shown_bytes(space.free),
            total: shown_bytes(space.total),
            used: 100
                - u64::try_from(u128::from(space.free) * 100 / u128::from(space.total.max(1))).unwrap_or(0).min(100),
            is_little: space.is_little(),
        });
        Ok(StoragePanel {
            refused: self.vitals.live.storage().troubles().cloned().collect(),
            disk,
            records: shown_bytes(size.records_bytes),
            runs: self.viewer.words.number(size.generations),
            files: size.files,
            files_size: shown_bytes(size.files_bytes),
            pending: size.pending_files,
            missing: size.missing_files,
            index: self.vitals.history.index_progress().await?,
        })
    }
}
