//! A full history read at the first start: how long beside a plain client that throws it away, what work, how much memory.
//!
//! The stand-in writes every page anew, in this process, and so does what the plain client reads: both ways pay for that.
//! Each round has one of the daemon between two of the client, so that what else the machine does hits both.

use std::time::{Duration, Instant};

use crate::support::client;
use crate::support::comfyui::{ComfyUi, Run, Texts};
use crate::support::daemon::{Daemon, Launch, cpu_time};
use crate::table::{Row, median};

const RUNS: u64 = 10_000;
const PAGE: usize = 64;
const ROUNDS: usize = 5;

pub async fn measure() -> Vec<Row> {
    let texts = Texts::of(62_000);
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(RUNS, &Run::from_browser("b").with_texts(&texts));
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(&comfy, ids.last().unwrap()).await);
    }
    rounds.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let (best, middle) = (&rounds[0], &rounds[ROUNDS / 2]);
    let beside = format!(
        "{:.0} ms against {:.0} ms the plain way, in the middle of {ROUNDS} rounds; {:.2} in the best",
        middle.ours.as_secs_f64() * 1e3,
        middle.plain.as_secs_f64() * 1e3,
        best.ratio()
    );
    let work = median(&mut rounds.iter().map(|round| round.work).collect::<Vec<_>>());
    let plain_work = median(&mut rounds.iter().map(|round| round.plain_work).collect::<Vec<_>>());
    let peak = rounds.iter().map(|round| round.peak).max().unwrap_or_default();
    let workflow = format!("workflows of {} KB", texts.workflow.len() / 1000);
    vec![
        Row::new("backfill of 10,000 runs with 40 KB workflows", middle.ratio(), 2.0, "×", beside),
        Row::ratio("what the daemon works for it, in CPU time", work, plain_work, 3.0),
        Row::new("its peak resident memory", peak as f64 / 1e6, 150.0, "MB", &*workflow),
    ]
}

/// The same history, read by a new daemon and by a plain client.
struct Round {
    /// From the daemon's start to the last run.
    ours: Duration,
    /// All its pages, thrown away; the mean of before and after.
    plain: Duration,
    /// CPU time of the daemon.
    work: Duration,
    /// CPU time of this process while the plain client read: the client's and the stand-in's.
    plain_work: Duration,
    /// The most memory that the daemon had.
    peak: u64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.plain.as_secs_f64()
    }
}

async fn round(comfy: &ComfyUi, last: &str) -> Round {
    let (before, work_before) = fetch_plainly(comfy).await;
    let launch = Launch::new().beside(comfy);
    let start = Instant::now();
    let daemon = launch.start().await;
    until_recorded(&daemon, last).await;
    let (ours, work, (_, peak)) = (start.elapsed(), daemon.cpu_time(), daemon.memory());
    assert_eq!(daemon.list("").await.len(), RUNS as usize);
    drop(daemon);
    let (after, work_after) = fetch_plainly(comfy).await;
    Round { ours, plain: (before + after) / 2, work, plain_work: (work_before + work_after) / 2, peak }
}

pub async fn until_recorded(daemon: &Daemon, prompt_id: &str) {
    while daemon.of_prompt(prompt_id).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Every page of the history by a plain client, thrown away: how long, and how much work.
async fn fetch_plainly(comfy: &ComfyUi) -> (Duration, Duration) {
    let client = client();
    let (start, work) = (Instant::now(), cpu_time("self"));
    for offset in (0..RUNS as usize).step_by(PAGE) {
        let page = format!("{}/history?max_items={PAGE}&offset={offset}", comfy.url());
        let mut response = client.get(page).send().await.unwrap();
        while response.chunk().await.unwrap().is_some() {}
    }
    (start.elapsed(), cpu_time("self").saturating_sub(work))
}
