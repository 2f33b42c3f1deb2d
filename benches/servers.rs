//! What a thousand servers cost: the same runs recorded from two and from a thousand, asked the same, in turn. The first of
//! the two has what the first of the thousand has, so that no question is answered with more runs here than there.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use comfy_recall::model::{
    Blob, Comfyui, Cursor, Digest, Entry, FileRef, Filter, GenerationId, Limit, List, MediaKind, Nth, PromptId, Role,
    Start, Status, Term, Timestamp,
};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use futures_util::future::join_all;
use reqwest::Client;

use crate::site::Server;
use crate::support::client;
use crate::table::{Row, median, millis};

const RUNS: i64 = 300_000;
const BATCH: i64 = 1_000;
const SERVERS: i64 = 1_000;
const IN_A_ROW: i64 = 7;
const FIRST: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
const ROUNDS: usize = 25;
/// So much more than at two servers may be noise.
const NOISE: f64 = 1.15;

pub async fn measure() -> Vec<Row> {
    let (few, many) = (Filled::with(2).await, Filled::with(SERVERS).await);
    let mut rows = Vec::new();
    let filters = filters();
    for (what, start) in [
        ("pages of every filter, the newest", Start::Newest),
        ("… half way down", Start::Older(place(RUNS / 2))),
        ("… half way down, towards the newer", Start::Newer(place(RUNS / 2))),
        ("… at the end", Start::Older(place(100))),
    ] {
        let page = async |store: &Store, filter: &Filter| {
            black_box(store.list(filter.clone(), start, Limit::default()).await.unwrap());
        };
        rows.push(compare(what, &few, &many, &filters, page).await);
    }
    let count = async |store: &Store, filter: &Filter| _ = black_box(store.count(filter.clone()).await.unwrap());
    rows.push(compare("their numbers", &few, &many, &filters, count).await);
    let starts: Vec<_> = (0..32).map(|day| Timestamp::from_millis((FIRST / DAY + 40 + day) * DAY)).collect();
    let days = async |store: &Store, filter: &Filter| {
        _ = black_box(store.days(filter.clone(), &starts).await.unwrap());
    };
    rows.push(compare("a month of their calendar", &few, &many, &filters, days).await);
    let numbered: Vec<_> = filters.iter().filter(|filter| filter.prompt_id.is_none()).cloned().collect();
    let nth = async |store: &Store, filter: &Filter| {
        _ = black_box(store.stretch(filter.clone(), Nth::Newest(50_000), 50).await.unwrap());
    };
    rows.push(compare("from the 50,000th on", &few, &many, &numbered, nth).await);
    let lists = [List::Model, List::Sampler];
    let facets = async |store: &Store, filter: &Filter| {
        _ = black_box(store.facets(filter.clone(), &lists, 10).await.unwrap());
    };
    rows.push(compare("their facets", &few, &many, &filters, facets).await);
    rows.extend(over_http(&few, &many).await);
    few.store.close().await.unwrap();
    many.store.close().await.unwrap();
    rows
}

/// Every combination of what a list can be narrowed by.
fn filters() -> Vec<Filter> {
    let odd = |n: i64| Some(Timestamp::from_millis(FIRST + n * MINUTE + 12_345));
    let mut filters = Vec::new();
    for statuses in [vec![], vec![Status::Failed, Status::Lost], vec![Status::Completed], Status::ALL.to_vec()] {
        for kinds in [vec![], vec![MediaKind::Video], vec![MediaKind::Image, MediaKind::Text], MediaKind::ALL.to_vec()]
        {
            for instance in [None, Some("server-0".parse().unwrap())] {
                for (from, until) in [(None, None), (odd(1_000), odd(RUNS - 1_000))] {
                    for prompt_id in [None, Some(prompt_id(14 * IN_A_ROW * SERVERS + 3))] {
                        let (statuses, kinds, instance) = (statuses.clone(), kinds.clone(), Clone::clone(&instance));
                        filters.push(Filter { statuses, kinds, instance, prompt_id, from, until, want: None });
                    }
                }
            }
        }
    }
    filters
}

/// A store with all runs.
struct Filled {
    folder: tempfile::TempDir,
    store: Store,
}

impl Filled {
    async fn with(servers: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut instances = Vec::new();
        for n in 0..servers {
            instances.push(store.instance(&format!("server-{n}").parse().unwrap()).await.unwrap());
        }
        for first in (0..RUNS).step_by(BATCH as usize) {
            let comfyui = Comfyui::default();
            let saving =
                (first..first + BATCH).map(|n| store.save(instances[server(n, servers)], &comfyui, vec![run(n)]));
            // The writer takes them in this order, many at a time.
            let saved = join_all(saving).await;
            assert!(saved.into_iter().all(|saved| saved.is_ok()));
            let entries = (first..first + BATCH).map(|n| entry(n, servers)).collect();
            store.indexing().index(entries, Vec::new()).await.unwrap();
        }
        Self { folder, store }
    }
}

/// How much more all filters together take with many servers than with two.
async fn compare(
    what: &'static str,
    few: &Filled,
    many: &Filled,
    filters: &[Filter],
    ask: impl AsyncFn(&Store, &Filter),
) -> Row {
    let mut sum = [Duration::ZERO; 2];
    let mut worst = (0.0, String::new());
    for filter in filters {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (took, filled) in took.iter_mut().zip([few, many]) {
                let start = Instant::now();
                ask(&filled.store, filter).await;
                took.push(start.elapsed());
            }
        }
        let took = took.map(|mut took| median(&mut took));
        let ratio = took[1].as_secs_f64() / took[0].as_secs_f64();
        if ratio > 1.25 {
            eprintln!("{what}: {ratio:.2} {:?} {}", took, said(filter));
        }
        if ratio > worst.0 {
            worst = (ratio, format!("worst {ratio:.2}: {}", said(filter)));
        }
        sum.iter_mut().zip(took).for_each(|(sum, took)| *sum += took);
    }
    let mean = sum.map(|sum| millis(sum / filters.len() as u32));
    let beside = format!("{} against {}, the mean of {}; {}", mean[1], mean[0], filters.len(), worst.1);
    Row::new(what, sum[1].as_secs_f64() / sum[0].as_secs_f64(), NOISE, "×", beside)
}

fn said(filter: &Filter) -> String {
    let words = [
        filter.statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(","),
        filter.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(","),
        filter.instance.as_ref().map(ToString::to_string).unwrap_or_default(),
        filter.prompt_id.as_ref().map(|_| "prompt_id".to_owned()).unwrap_or_default(),
        filter.from.map(|_| "time".to_owned()).unwrap_or_default(),
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same over HTTP, for a few: pages say which servers there are.
async fn over_http(few: &Filled, many: &Filled) -> Vec<Row> {
    let (of_few, of_many) =
        (Server::start(&few.store, few.folder.path()).await, Server::start(&many.store, many.folder.path()).await);
    let client = client();
    let mut rows = Vec::new();
    for (what, path) in [
        ("GET /api/v1/generations?status=failed,lost", "/api/v1/generations?status=failed,lost&limit=50"),
        ("GET /api/v1/generations?kind=video", "/api/v1/generations?kind=video&limit=50"),
        ("GET /api/v1/facets?status=failed", "/api/v1/facets?status=failed"),
        ("GET /?status=failed,lost", "/?status=failed,lost"),
        ("GET /?kind=video", "/?kind=video"),
    ] {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..2 * ROUNDS {
            for (took, server) in took.iter_mut().zip([&of_few, &of_many]) {
                took.push(request(&client, server.address, path).await);
            }
        }
        let [few, many] = took.map(|mut took| median(&mut took));
        let beside = format!("{} against {}", millis(many), millis(few));
        rows.push(Row::new(what, many.as_secs_f64() / few.as_secs_f64(), NOISE, "×", beside));
    }
    of_few.stop().await;
    of_many.stop().await;
    rows
}

async fn request(client: &Client, address: SocketAddr, path: &str) -> Duration {
    let start = Instant::now();
    let response = client.get(format!("http://{address}{path}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    black_box(response.bytes().await.unwrap());
    start.elapsed()
}

fn place(n: i64) -> Cursor {
    Cursor { created_at: Timestamp::from_millis(FIRST + n * MINUTE), id: GenerationId(n + 1) }
}

/// Which of so many servers has a run: each has a few, then the next, and all beyond the last are the last one's.
fn server(n: i64, servers: i64) -> usize {
    (n / IN_A_ROW % SERVERS).min(servers - 1) as usize
}

fn prompt_id(n: i64) -> PromptId {
    PromptId(format!("00000000-0000-4000-8000-{n:012x}"))
}

fn status(n: i64) -> Status {
    match n {
        n if n % 10 == 0 => Status::Failed,
        n if n % 97 == 0 => Status::Cancelled,
        n if n % 1_009 == 0 => Status::Lost,
        _ => Status::Completed,
    }
}

fn kinds(n: i64) -> &'static [MediaKind] {
    match n {
        n if status(n) != Status::Completed => &[],
        n if n % 3_000 == 5 => &[MediaKind::Image, MediaKind::Video],
        n if n % 50 == 7 => &[MediaKind::Audio],
        n if n % 11 == 3 => &[MediaKind::Image, MediaKind::Text],
        _ => &[MediaKind::Image],
    }
}

fn run(n: i64) -> Save {
    let created_at = Timestamp::from_millis(FIRST + n * MINUTE);
    let output = |kind: &MediaKind| {
        let file =
            FileRef { folder: "output".into(), subfolder: String::new(), filename: format!("ComfyUI_{n:07}_.png") };
        let digest = Digest([[*kind as u8; 24].as_slice(), &(n % 10_000).to_be_bytes()].concat().try_into().unwrap());
        let blob = Blob { digest, bytes: 1_000_000, kind: *kind, mime: "image/png".into() };
        let content = match kind {
            MediaKind::Text => NewContent::Text("a castle on a hill".into()),
            _ => NewContent::Stored(file, blob),
        };
        NewAttachment { role: Role::Output, node_id: Some("9".into()), key: "images".into(), kind: *kind, content }
    };
    Save {
        number: Some(n as f64),
        started_at: Some(created_at),
        finished_at: Some(Timestamp::from_millis(created_at.as_millis() + 2_000)),
        attachments: kinds(n).iter().map(output).collect(),
        ..Save::new(prompt_id(n), status(n), created_at)
    }
}

/// What the index has of a run, as far as filters and facets ask.
fn entry(n: i64, servers: i64) -> Entry {
    let term = |list, text: String| Term { list, bytes: text.into_bytes(), position: 0 };
    let value = |list, text: &str| term(list, format!("{text}\0{text}"));
    let mut terms = vec![
        term(List::Status, status(n).as_str().to_owned()),
        term(List::Instance, format!("server-{}", server(n, servers))),
        value(List::Model, &format!("model {}", n % 40)),
        value(List::Sampler, &format!("sampler {}", n % 7)),
        term(List::PromptId, prompt_id(n).0),
    ];
    terms.extend(kinds(n).iter().map(|kind| term(List::Kind, kind.as_str().to_owned())));
    Entry { created_at: Timestamp::from_millis(FIRST + n * MINUTE), id: GenerationId(n + 1), terms }
}
