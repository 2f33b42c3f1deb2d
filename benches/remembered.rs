//! What the index remembers of five million runs: the second time that the same is asked, beside the first.

use std::time::{Duration, Instant};

use comfy_recall::model::{Entry, Filter, GenerationId, List, Term, Timestamp, Want};
use comfy_recall::store::Store;

use crate::table::{Row, median, millis};

const RUNS: i64 = 5_000_000;
const BATCH: i64 = 20_000;
const FIRST: i64 = 1_700_000_000_000;
const ROUNDS: usize = 21;

pub async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for first in (0..RUNS).step_by(BATCH as usize) {
        store.indexing().index((first..first + BATCH).map(entry).collect(), Vec::new()).await.unwrap();
    }
    // Every other run has it, in no order: a bit for each has to be kept.
    let filter = Filter { want: Some(Want::Term(List::Trait, b"half".to_vec())), ..Filter::default() };
    let count = async || assert!(store.count(filter.clone()).await.unwrap() > 2_000_000);
    let search = compare("a search of half of five million runs, asked again", &store, 0.5, count).await;
    // What isn't read in time is read for the next one who asks: until all is.
    let all = 10 * (RUNS / 50).unsigned_abs();
    let counted = async || -> u64 {
        let values = store.suggest(List::Model, "model", 10).await.unwrap();
        values.iter().map(|value| value.runs).sum()
    };
    store.rest(Duration::ZERO).await;
    let mut asked = 1;
    while counted().await < all && asked < 1_000 {
        asked += 1;
    }
    let again = timed(async || assert!(counted().await > all * 9 / 10, "the larger part is held")).await;
    let beside = format!("every one of them counted, for the first time at the {asked}th letter");
    let row = Row::new("a suggestion among five million", again.as_secs_f64() * 1e3, 5.0, "ms", beside);
    store.close().await.unwrap();
    vec![search, row]
}

/// How long it takes again, beside the first time.
async fn compare(what: &'static str, store: &Store, asked: f64, ask: impl AsyncFn()) -> Row {
    let mut first = Vec::new();
    for _ in 0..ROUNDS {
        store.rest(Duration::ZERO).await;
        let start = Instant::now();
        ask().await;
        first.push(start.elapsed());
    }
    let first = median(&mut first);
    let again = timed(ask).await;
    let beside = format!("{} against {} the first time", millis(again), millis(first));
    Row::new(what, again.as_secs_f64() / first.as_secs_f64(), asked, "×", beside)
}

async fn timed(ask: impl AsyncFn()) -> Duration {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        ask().await;
        took.push(start.elapsed());
    }
    median(&mut took)
}

fn entry(n: i64) -> Entry {
    let mut random = fastrand::Rng::with_seed(n.unsigned_abs());
    let term = |list, text: String| Term { list, bytes: text.into_bytes(), position: 0 };
    let model = n % 50;
    let mut terms = vec![term(List::Model, format!("model {model}\0Model {model}"))];
    if random.bool() {
        terms.push(term(List::Trait, "half".to_owned()));
    }
    Entry { created_at: Timestamp::from_millis(FIRST + n * 1_000), id: GenerationId(n + 1), terms }
}
