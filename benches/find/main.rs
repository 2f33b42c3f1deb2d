//! Searching a million runs: words, fields, phrases, facets, suggestions; how fast they are indexed and what that weighs.

pub mod million;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use comfy_recall::model::{Filter, IndexProgress, Limit, List, Start, Timestamp};
use comfy_recall::store::Store;
use comfy_recall::{indexer, search};

use crate::site::Server;
use crate::support::client;
use crate::table::{Row, millis};
use million::{COMMON, FIRST, MINUTE, RUNS};

/// Of what is asked again and again, how many times; a number is the 95th of a hundred.
const TIMES: usize = 100;

/// How long one in twenty takes at least.
fn p95(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() * 95 / 100]
}

pub async fn measure() -> Vec<Row> {
    let folder = million::filled().await;
    let mut rows = index(&folder).await;
    let store = Store::open(&folder).unwrap();
    let nothing = {
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let start = Instant::now();
            store.list(Filter::default(), Start::Newest, Limit::default()).await.unwrap();
            took.push(start.elapsed());
        }
        p95(took)
    };
    let beside = format!("p95; the page without a search takes {}", millis(nothing));
    for (what, queries, asked) in questions(&store).await {
        let mut took = Vec::new();
        let mut runs = 0;
        for query in queries.iter().cycle().take(TIMES.max(queries.len())) {
            let filter = filter(query);
            let start = Instant::now();
            store.list(filter.clone(), Start::Newest, Limit::default()).await.unwrap();
            took.push(start.elapsed());
            runs = runs.max(store.count(filter).await.unwrap());
        }
        let beside = format!("{} of them, up to {runs} runs; {beside}", queries.len());
        rows.push(Row::new(what, p95(took).as_secs_f64() * 1e3, asked, "ms", beside));
    }
    rows.extend(facets(&store).await);
    rows.extend(suggestions(&store).await);
    rows.extend(answers(&store, &folder).await);
    store.close().await.unwrap();
    rows
}

/// The same as people and scripts ask for it, with all that a page shows.
async fn answers(store: &Store, folder: &Path) -> Vec<Row> {
    let server = Server::start(store, folder).await;
    let address = server.address;
    let words: Vec<String> = seldom(store).await.into_iter().take(TIMES).collect();
    let common: Vec<String> = COMMON.map(str::to_owned).into();
    let mut rows = Vec::new();
    for (what, path, words, asked) in [
        ("GET /api/v1/generations?q= of a word that up to 10,000 have", "/api/v1/generations?q=", &words, 20.0),
        ("… that half of all have", "/api/v1/generations?q=", &common, 60.0),
        ("GET /?q= of a word that up to 10,000 have", "/?q=", &words, 20.0),
        ("… that half of all have", "/?q=", &common, 60.0),
        ("GET /facets?q= of a word that half have", "/facets?q=", &common, 100.0),
        ("GET /api/v1/suggest?q=", "/api/v1/suggest?q=", &words, 10.0),
    ] {
        let client = client();
        let mut took = Vec::new();
        for word in words.iter().cycle().take(TIMES) {
            let start = Instant::now();
            let response = client.get(format!("http://{address}{path}{word}")).send().await.unwrap();
            assert_eq!(response.status(), 200);
            response.bytes().await.unwrap();
            took.push(start.elapsed());
        }
        rows.push(Row::new(what, p95(took).as_secs_f64() * 1e3, asked, "ms", "p95"));
    }
    server.stop().await;
    rows
}

/// Indexes all, unless that was done: how long a run takes, beside reading its prompt as JSON, and how much it adds.
async fn index(folder: &Path) -> Vec<Row> {
    let index = folder.join("search.db");
    let wanted = std::env::args().any(|argument| argument == "--reindex") || !index.exists();
    let mut rows = Vec::new();
    let store = Store::open(folder).unwrap();
    let is_old = store.indexing().derive_again(&indexer::version(), false).await.unwrap();
    if wanted || is_old || store.index_progress().await.unwrap().waiting > 0 {
        let parsing = parsing(&store).await;
        let start = Instant::now();
        let mut last = 0;
        let tell = |progress: IndexProgress| {
            let done = (progress.runs - progress.waiting) / 100_000;
            if done > last {
                last = done;
                eprintln!("  {done}00,000 indexed after {:.0} s", start.elapsed().as_secs_f64());
            }
        };
        indexer::reindex(&store, tell).await.unwrap();
        let each = start.elapsed() / RUNS as u32;
        let beside = format!(
            "{:.0} a second; to parse its prompt with serde_json takes {:.1} µs",
            1.0 / each.as_secs_f64(),
            parsing.as_secs_f64() * 1e6
        );
        rows.push(Row::new("index a run, of a million", each.as_secs_f64() * 1e6, 200.0, "µs", beside));
    }
    store.close().await.unwrap();
    let bytes = std::fs::metadata(index).unwrap().len() as f64;
    let all = std::fs::metadata(folder.join("recall.db")).unwrap().len() as f64;
    let beside = format!("recall.db has {:.0} a run", all / RUNS as f64);
    rows.push(Row::new("bytes of the index, a run", bytes / RUNS as f64, 1_500.0, "B", beside));
    rows
}

async fn parsing(store: &Store) -> Duration {
    store.indexing().derive_again("none", true).await.unwrap();
    let prompts: Vec<String> =
        store.indexing().unindexed(None, 2_000).await.unwrap().into_iter().filter_map(|run| run.prompt).collect();
    let start = Instant::now();
    prompts.iter().for_each(|prompt| drop(serde_json::from_str::<serde_json::Value>(prompt).unwrap()));
    start.elapsed() / prompts.len() as u32
}

/// Words that up to 10,000 runs have.
async fn seldom(store: &Store) -> Vec<String> {
    let mut seldom = Vec::new();
    for letters in ["ka", "lo", "mi", "sha", "ren", "vi", "dor", "el", "qua", "bra"] {
        for word in store.suggest(List::PromptWords, letters, 40).await.unwrap() {
            if (1_000..=10_000).contains(&word.runs) {
                seldom.push(word.text);
            }
        }
    }
    assert!(seldom.len() >= 40, "words that up to 10,000 have: {}", seldom.len());
    seldom
}

/// What is asked, in how much time it is to be answered.
async fn questions(store: &Store) -> Vec<(&'static str, Vec<String>, f64)> {
    let seldom = seldom(store).await;
    let values =
        |list| async move { store.facets(filter("is:completed"), &[list], 2_000).await.unwrap().remove(0).values };
    let models: Vec<_> = values(List::Model).await.into_iter().filter(|value| value.runs <= 10_000).take(60).collect();
    let loras = values(List::Lora).await;
    let pairs = |one: &[String], other: &[&str]| -> Vec<String> {
        one.iter().zip(other.iter().cycle()).map(|(one, other)| format!("{one} {other} ")).collect()
    };
    let each = |format: &dyn Fn(&String) -> String| seldom.iter().map(format).collect::<Vec<_>>();
    vec![
        ("a word that up to 10,000 have", each(&|word| format!("{word} ")), 20.0),
        ("… and one that half of all have", pairs(&seldom, &COMMON), 20.0),
        ("… without one that half have", each(&|word| format!("{word} -masterpiece ")), 20.0),
        ("… that failed, with more than 20 steps", each(&|word| format!("{word} status:failed steps:>20 ")), 20.0),
        ("… in a phrase", each(&|word| format!("\"{word} {}\"", COMMON[0])), 20.0),
        ("… as a prefix of one letter less", each(&|word| word[..word.len() - 1].to_owned()), 20.0),
        ("a model", models.iter().map(|model| search::exact(List::Model, &model.text)).collect(), 20.0),
        ("a LoRA", loras.iter().map(|lora| search::exact(List::Lora, &lora.text)).collect(), 20.0),
        ("two Chinese characters", ('一'..'丰').map(|c| format!("{c}丁")).collect(), 20.0),
        ("a Chinese character", ('一'..'上').map(String::from).collect(), 60.0),
        ("a word that half of all have", COMMON.iter().map(|word| format!("{word} ")).collect(), 60.0),
        ("two of them in a phrase", COMMON.windows(2).map(|two| format!("\"{}\"", two.join(" "))).collect(), 60.0),
        ("a beginning of one letter", ('a'..='z').map(String::from).collect(), 60.0),
        ("everything but a word that half have", COMMON.iter().map(|word| format!("-{word} ")).collect(), 60.0),
    ]
}

async fn facets(store: &Store) -> Vec<Row> {
    let lists = [List::Model, List::Lora, List::Sampler, List::Node, List::Workflow];
    let mut rows = Vec::new();
    for (what, query) in [
        ("facets of all", ""),
        ("… of a word that half have", "masterpiece "),
        ("… of a model", "model:flux"),
        ("… of a month", ""),
    ] {
        let month = |day: i64| Some(Timestamp::from_millis(FIRST + day * 1_440 * MINUTE));
        let (from, until) = if what.ends_with("month") { (month(300), month(330)) } else { (None, None) };
        let filter = Filter { from, until, ..filter(query) };
        let (mut took, mut is_exact) = (Vec::new(), true);
        for _ in 0..20 {
            let start = Instant::now();
            let facets = store.facets(filter.clone(), &lists, 10).await.unwrap();
            took.push(start.elapsed());
            is_exact &= facets.iter().all(|facet| facet.is_exact);
        }
        let beside = if is_exact { "p95, five lists, exact" } else { "p95, five lists, AT LEAST" };
        rows.push(Row::new(what, p95(took).as_secs_f64() * 1e3, 100.0, "ms", beside));
    }
    rows
}

async fn suggestions(store: &Store) -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, list) in [
        ("suggestions of words", List::PromptWords),
        ("… of models", List::Model),
        ("… of workflows", List::Workflow),
        ("… of files", List::FileWords),
    ] {
        let mut took = Vec::new();
        for letters in ["m", "ma", "co", "00", "f", "fl", "", "sdx", "portrait"].iter().cycle().take(TIMES) {
            let start = Instant::now();
            store.suggest(list, letters, 8).await.unwrap();
            took.push(start.elapsed());
        }
        rows.push(Row::new(what, p95(took).as_secs_f64() * 1e3, 10.0, "ms", "p95"));
    }
    rows
}

struct Utc;

impl search::DayClock for Utc {
    fn today(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 6, 1).unwrap()
    }

    fn day(&self, day: NaiveDate) -> (Timestamp, Timestamp) {
        let start =
            |day: NaiveDate| Timestamp::from_millis(day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis());
        (start(day), start(day + Days::new(1)))
    }
}

fn filter(query: &str) -> Filter {
    Filter { want: Some(search::parse(query).unwrap().want(&Utc)), ..Filter::default() }
}
