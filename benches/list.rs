//! The list on a million generations: at its start and deep down, and opening the store.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use comfy_recall::blobs::Blobs;
use comfy_recall::live::Live;
use comfy_recall::model::{Comfyui, Filter, Limit, PromptId, Status, Timestamp};
use comfy_recall::store::{Cache, Save, Store};
use comfy_recall::thumbs::Thumbs;
use comfy_recall::web::{self, Settings, Site};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::client;
use crate::table::{Row, median};

const GENERATIONS: i64 = 1_000_000;
const BATCH: i64 = 1_000;
const FIRST: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;
const REQUESTS: usize = 50;

pub async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;

    let start = Instant::now();
    let store = Store::open(folder.path()).unwrap();
    store.list(Filter::default(), None, Limit::default()).await.unwrap();
    let opening = start.elapsed();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let stop = CancellationToken::new();
    let thumbs = Thumbs::new(store.clone(), blobs.clone(), Cache::open(folder.path()), None, stop.clone());
    let site = Site { store: store.clone(), blobs, thumbs, live: Live::default(), settings: Settings::default() };
    let serving = tokio::spawn(web::serve(listener, site, stop.clone()));
    let nothing = request(address, "/healthz").await;
    let mut rows =
        vec![Row::new("open the store and its first page, a million", opening.as_secs_f64() * 1e3, 200.0, "ms", "")];
    for (what, query) in [
        ("GET /api/v1/generations?limit=50 of a million, newest", String::new()),
        ("… half way down", before(GENERATIONS / 2)),
        ("… at the end", before(200)),
        ("… failed ones, half way down", format!("&status=failed,lost{}", before(GENERATIONS / 2))),
        ("… of an instance", "&instance=bench&status=pending,completed".to_owned()),
    ] {
        let took = request(address, &format!("/api/v1/generations?limit=50{query}")).await;
        let beside = format!("an answer of nothing takes {:.2} ms", nothing.as_secs_f64() * 1e3);
        rows.push(Row::new(what, took.saturating_sub(nothing).as_secs_f64() * 1e3, 2.0, "ms", beside));
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
    store.close().await.unwrap();
    rows
}

/// The page that starts behind the `n`-th generation: what `next` says there.
fn before(n: i64) -> String {
    use comfy_recall::model::{Cursor, GenerationId};
    let cursor = Cursor { created_at: Timestamp::from_millis(FIRST + n * MINUTE), id: GenerationId(n + 1) };
    format!("&next={cursor}")
}

/// The median time of a request, over one connection.
async fn request(address: SocketAddr, path: &str) -> Duration {
    let client = client();
    let mut took = Vec::new();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let response = client.get(format!("http://{address}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
        took.push(start.elapsed());
    }
    median(&mut took)
}

async fn fill(folder: &std::path::Path) {
    let store = Store::open(folder).unwrap();
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    for first in (0..GENERATIONS).step_by(BATCH as usize) {
        let runs: Vec<Save> = (first..first + BATCH).map(run).collect();
        store.save(instance, &Comfyui::default(), runs).await.unwrap();
    }
    store.close().await.unwrap();
}

fn run(n: i64) -> Save {
    let created_at = Timestamp::from_millis(FIRST + n * MINUTE);
    let finished_at = Timestamp::from_millis(created_at.as_millis() + 2_000);
    Save {
        id: None,
        prompt_id: PromptId(format!("00000000-0000-4000-8000-{n:012x}")),
        number: Some(n as f64),
        status: if n % 10 == 0 { Status::Failed } else { Status::Completed },
        status_reason: None,
        created_at,
        started_at: Some(created_at),
        finished_at: Some(finished_at),
        client_id: Some("5f0b3a52e0a94a0f9b0cb43f35c1f6a3".into()),
        workflow_id: Some("21b33f3f-8434-427c-9ba4-8a18ddd4a863".into()),
        workflow_name: None,
        error: None,
        documents: Vec::new(),
        attachments: Vec::new(),
    }
}
