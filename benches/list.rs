//! The list on a million generations: at its start and deep down, both ways and narrowed, its counts, and opening the store.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use comfy_recall::model::{
    Blob, Comfyui, Cursor, Digest, FileRef, Filter, GenerationId, Limit, MediaKind, PromptId, Role, Start, Status,
    Timestamp,
};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};

use crate::site::Server;
use crate::support::client;
use crate::table::{Row, median};

const GENERATIONS: i64 = 1_000_000;
const BATCH: i64 = 1_000;
const FIRST: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
const REQUESTS: usize = 50;
const INSTANCES: [&str; 3] = ["bench", "second", "third"];

pub async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;

    let start = Instant::now();
    let store = Store::open(folder.path()).unwrap();
    store.list(Filter::default(), Start::Newest, Limit::default()).await.unwrap();
    let opening = start.elapsed();

    let server = Server::start(&store, folder.path()).await;
    let address = server.address;
    let nothing = request(address, "/healthz").await;
    let mut rows = vec![Row::new(
        "open the store and its first page, a million",
        opening.as_secs_f64() * 1e3,
        200.0,
        "ms",
        "Store::open",
    )];
    let half = GENERATIONS / 2;
    let api = |query: &str| format!("/api/v1/generations?limit=50{query}");
    for (what, path, asked) in [
        ("GET /api/v1/generations?limit=50 of a million, newest", api(""), 2.0),
        ("… half way down", api(&before(half)), 2.0),
        ("… at the end", api(&before(200)), 2.0),
        ("… half way down, towards the newer", api(&after(half)), 2.0),
        ("… failed ones, half way down", api(&format!("&status=failed,lost{}", before(half))), 2.0),
        ("… of an instance", api("&instance=bench&status=pending,completed"), 2.0),
        ("… of kind video (1 in 10,000), half way down", api(&format!("&kind=video{}", before(half))), 10.0),
        ("… the same, towards the newer", api(&format!("&kind=video{}", after(half))), 10.0),
        ("… of every kind, half way down", api(&format!("&kind={ALL_KINDS}{}", before(half))), 10.0),
        ("… instance, status, kinds and days, deep down", api(&format!("{SEVERAL}{}", before(GENERATIONS / 10))), 10.0),
        ("GET / of a million, newest", "/".to_owned(), 10.0),
        ("… half way down", format!("/?{}", &before(half)[1..]), 10.0),
        ("… towards the newer", format!("/?{}", &after(half)[1..]), 10.0),
        ("… failed ones, half way down", format!("/?status=failed,lost{}", before(half)), 10.0),
        ("… of kind video (1 in 10,000), half way down", format!("/?kind=video{}", before(half)), 10.0),
        (
            "… instance, status, kinds and days, deep down",
            format!("/?{}{}", &SEVERAL[1..], before(GENERATIONS / 10)),
            10.0,
        ),
        ("… of one day", format!("/?date={}&tz=Asia/Kathmandu", day(half)), 10.0),
        ("… with the calendar open", format!("/?month={}&tz=Asia/Kathmandu", &day(half)[..7]), 20.0),
    ] {
        let took = request(address, &path).await;
        let beside = format!("an answer of nothing takes {:.2} ms", nothing.as_secs_f64() * 1e3);
        rows.push(Row::new(what, took.saturating_sub(nothing).as_secs_f64() * 1e3, asked, "ms", beside));
    }
    rows.extend(counts(&store).await);
    server.stop().await;
    store.close().await.unwrap();
    rows
}

const ALL_KINDS: &str = "image,video,audio,text,model3d,other";
const SEVERAL: &str = "&instance=second&status=completed,failed&kind=audio,text&from=2023-11-20T01:00:00Z";

/// The day of the `n`-th generation, as a filter says it.
fn day(n: i64) -> String {
    Timestamp::from_millis(FIRST + n * MINUTE).to_string()[..10].to_owned()
}

/// Exact numbers, straight from the store.
async fn counts(store: &Store) -> Vec<Row> {
    let kinds = |kinds: &[MediaKind]| Filter { kinds: kinds.to_vec(), ..Filter::default() };
    let several = Filter {
        statuses: vec![Status::Completed, Status::Failed],
        instance: Some("second".parse().unwrap()),
        ..kinds(&[MediaKind::Audio, MediaKind::Text])
    };
    let between = Filter {
        from: Some(Timestamp::from_millis(FIRST + 12_345)),
        until: Some(Timestamp::from_millis(FIRST + GENERATIONS * MINUTE - 54_321)),
        ..several.clone()
    };
    let mut rows = Vec::new();
    for (what, filter) in [
        ("the number of all", Filter::default()),
        ("… of those with a video", kinds(&[MediaKind::Video])),
        ("… of an instance, two statuses, two kinds", several.clone()),
        ("… the same between two odd moments, all but whole", between.clone()),
    ] {
        let took = timed(async || assert!(store.count(filter.clone()).await.is_ok())).await;
        rows.push(Row::new(what, took.as_secs_f64() * 1e3, 3.0, "ms", "Store::count"));
    }
    for (what, filter, hours) in [
        ("a month of the calendar, days of UTC", Filter::default(), 0),
        ("… days of +05:45", Filter::default(), 5),
        ("… of an instance, two statuses, two kinds", several, 5),
    ] {
        let midnight = (FIRST / DAY + 300) * DAY - hours * 60 * MINUTE - if hours > 0 { 45 * MINUTE } else { 0 };
        let starts: Vec<_> = (0..32).map(|day| Timestamp::from_millis(midnight + day * DAY)).collect();
        let took = timed(async || store.days(filter.clone(), &starts).await.map(drop).unwrap()).await;
        rows.push(Row::new(what, took.as_secs_f64() * 1e3, 20.0, "ms", "Store::days"));
    }
    rows
}

async fn timed(work: impl AsyncFn()) -> Duration {
    let mut took = Vec::new();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        work().await;
        took.push(start.elapsed());
    }
    median(&mut took)
}

/// The page that starts behind about the `n`-th generation.
fn before(n: i64) -> String {
    format!("&next={}", place(n))
}

/// The page that ends there.
fn after(n: i64) -> String {
    format!("&prev={}", place(n))
}

fn place(n: i64) -> Cursor {
    Cursor { created_at: Timestamp::from_millis(FIRST + n * MINUTE), id: GenerationId(n + 1) }
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
    for first in (0..GENERATIONS).step_by(BATCH as usize) {
        for (remainder, name) in (0..).zip(INSTANCES) {
            let instance = store.instance(&name.parse().unwrap()).await.unwrap();
            let runs: Vec<Save> = (first..first + BATCH).filter(|n| n % 3 == remainder).map(run).collect();
            store.save(instance, &Comfyui::default(), runs).await.unwrap();
        }
    }
    store.close().await.unwrap();
}

fn status(n: i64) -> Status {
    match n {
        n if n % 10 == 0 => Status::Failed,
        n if n % 97 == 0 => Status::Cancelled,
        n if n % 1_009 == 0 => Status::Lost,
        _ => Status::Completed,
    }
}

/// What a run gave: mostly a picture, with a preview or a text beside it, a preview alone, sound, seldom a video.
fn outputs(n: i64) -> Vec<NewAttachment> {
    use MediaKind::{Audio, Image, Text, Video};
    let kinds: &[(MediaKind, &str)] = match n {
        n if status(n) != Status::Completed => &[],
        n if n % 10_000 == 5_001 => &[(Image, "temp"), (Video, "output")],
        n if n % 50 == 7 => &[(Audio, "output")],
        n if n % 11 == 3 => &[(Image, "output"), (Text, "")],
        n if n % 5 == 1 => &[(Image, "temp")],
        n if n % 5 == 2 => &[(Image, "temp"), (Image, "output")],
        _ => &[(Image, "output")],
    };
    kinds.iter().map(|(kind, folder)| output(*kind, folder, n)).collect()
}

fn output(kind: MediaKind, folder: &str, n: i64) -> NewAttachment {
    let file = FileRef { folder: folder.into(), subfolder: String::new(), filename: format!("ComfyUI_{n:07}_.png") };
    let digest = Digest([[kind as u8; 24].as_slice(), &(n % 10_000).to_be_bytes()].concat().try_into().unwrap());
    let content = match kind {
        MediaKind::Text => NewContent::Text("a castle on a hill".repeat(20)),
        _ => NewContent::Stored(file, Blob { digest, bytes: 1_000_000, kind, mime: "image/png".into() }),
    };
    NewAttachment { role: Role::Output, node_id: Some("9".into()), key: "images".into(), kind, content }
}

fn run(n: i64) -> Save {
    let created_at = Timestamp::from_millis(FIRST + n * MINUTE);
    let finished_at = Timestamp::from_millis(created_at.as_millis() + 2_000);
    Save {
        number: Some(n as f64),
        started_at: Some(created_at),
        finished_at: Some(finished_at),
        client_id: Some("5f0b3a52e0a94a0f9b0cb43f35c1f6a3".into()),
        workflow_id: Some("21b33f3f-8434-427c-9ba4-8a18ddd4a863".into()),
        attachments: outputs(n),
        ..Save::new(PromptId(format!("00000000-0000-4000-8000-{n:012x}")), status(n), created_at)
    }
}
