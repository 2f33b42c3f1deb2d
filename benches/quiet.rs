//! How much ComfyUI notices of us: idle, working, and with a long queue.

use std::time::{Duration, Instant};

use crate::support::comfyui::{ComfyUi, Outcome, Request, Route, Run, Texts};
use crate::support::daemon::Daemon;
use crate::table::Row;

/// What a run of 40 KB in `/queue` and in `/history?max_items` costs ComfyUI's event loop, and a request for the length
/// of the queue, in milliseconds: measured on 0.26.0.
const QUEUED_RUN: f64 = 220.0 / 500.0;
const HISTORY_RUN: f64 = 1.0;
const LENGTH: f64 = 0.1;

const WATCHED: Duration = Duration::from_secs(125);
const RUNS: u64 = 50;

pub async fn measure() -> Vec<Row> {
    let (mut rows, long) = tokio::join!(idle(), long_queue());
    rows.extend(working().await);
    rows.extend(long);
    rows
}

async fn idle() -> Vec<Row> {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    let id = comfy.run(Run::from_browser("b"));
    daemon.until_whole(&id, "completed").await;
    comfy.forget_requests();
    tokio::time::sleep(WATCHED).await;
    let a_minute = comfy.requests().len() as f64 * 60.0 / WATCHED.as_secs_f64();
    let (resident, _) = daemon.memory();
    vec![
        Row::new("requests a minute while ComfyUI is idle", a_minute, 2.0, "", format!("in {} s", WATCHED.as_secs())),
        Row::new("resident memory while idle", resident as f64 / 1e6, 40.0, "MB", "after a run"),
    ]
}

async fn working() -> Vec<Row> {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let texts = Texts::of(40_000);
    let warm_up = comfy.run(Run::from_browser("b").with_texts(&texts));
    daemon.until_whole(&warm_up, "completed").await;
    comfy.forget_requests();
    for seed in 0..RUNS {
        let id = comfy.queue(Run::from_browser("b").with_texts(&texts).with_seed(seed));
        daemon.until_status(&id, "pending").await;
        comfy.start_next();
        daemon.until_status(&id, "in_progress").await;
        comfy.finish(&Outcome::Success);
        daemon.until_whole(&id, "completed").await;
    }
    let requests: Vec<Request> =
        comfy.requests().into_iter().filter(|request| !request.path_and_query.starts_with("/view")).collect();
    let cost: f64 = requests.iter().map(cost).sum();
    let beside = format!("{RUNS} runs, by what each request costs 0.26.0");
    vec![
        Row::new(
            "requests a run, beside its files",
            requests.len() as f64 / RUNS as f64,
            3.0,
            "",
            format!("{RUNS} runs"),
        ),
        Row::new("event loop of ComfyUI for a run of 40 KB", cost / RUNS as f64, 6.0, "ms", beside),
    ]
}

fn cost(request: &Request) -> f64 {
    let (path, query) = request.path_and_query.split_once('?').unwrap_or((&request.path_and_query, ""));
    let most = query.split('&').find_map(|pair| pair.strip_prefix("max_items="));
    match (path, most) {
        ("/queue", _) => QUEUED_RUN,
        ("/history", most) => HISTORY_RUN * most.unwrap().parse::<f64>().unwrap(),
        ("/prompt", _) => LENGTH,
        (path, _) => unreachable!("what does {path} cost?"),
    }
}

/// Five hundred wait, one ends every second, and one is queued every five.
async fn long_queue() -> Vec<Row> {
    let comfy = ComfyUi::start().await;
    let texts = Texts::of(100_000);
    for seed in 0..500 {
        comfy.queue(Run::from_browser("b").with_texts(&texts).with_seed(seed));
    }
    comfy.start_next();
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_asked(Route::Queue, 1).await;
    comfy.forget_requests();
    let start = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for second in 0..WATCHED.as_secs() {
        ticks.tick().await;
        comfy.finish(&Outcome::Success);
        if second % 5 == 0 {
            comfy.queue(Run::from_browser("b").with_texts(&texts).with_seed(1000 + second));
        }
        comfy.start_next();
    }
    let a_minute = comfy.requests_to(Route::Queue) as f64 * 60.0 / start.elapsed().as_secs_f64();
    let (_, peak) = daemon.memory();
    vec![
        Row::new(
            "times a minute /queue is read with 500 waiting",
            a_minute,
            5.0,
            "",
            "one ends a second, one joins every five",
        ),
        Row::new(
            "peak resident memory with 500 waiting",
            peak as f64 / 1e6,
            150.0,
            "MB",
            "100 KB each; no number was asked",
        ),
    ]
}
