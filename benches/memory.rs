//! What a daemon keeps in memory that has nothing to do any more, five minutes after work of each kind: all that is held
//! to answer faster has gone by then, and what is free was given back.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::client;
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Texts, picture_of};
use crate::support::daemon::Daemon;
use crate::table::Row;

const IDLE: Duration = Duration::from_secs(300);
/// Megabytes.
const ASKED: f64 = 60.0;

const HUGE_RUNS: u64 = 12;
const HUGE_BYTES: usize = 8_000_000;
const OLD_RUNS: u64 = 5_000;
const PICTURES: u64 = 128;
const PICTURE_BYTES: usize = 4_000_000;
const VISITORS: usize = 16;
const VISITS: u64 = 60;

pub async fn measure() -> Vec<Row> {
    // One after the other, then all have nothing to do at the same time.
    let mut worked = Vec::new();
    for (what, work) in [
        ("idle, after prompts of 8 MB in queue and history", Work::HugePrompts),
        ("… after a backfill of 5,000 runs", Work::Backfill),
        ("… after 128 pictures of 4 MB, thumbnails and archives", Work::Pictures),
        ("… after 16 visitors of pages, searches and exports", Work::Visitors),
    ] {
        let comfy = ComfyUi::start().await;
        let daemon = Daemon::beside(&comfy).await;
        comfy.until_sockets(1).await;
        match work {
            Work::HugePrompts => huge_prompts(&comfy, &daemon).await,
            Work::Backfill => backfill(&comfy, &daemon).await,
            Work::Pictures => pictures(&comfy, &daemon).await,
            Work::Visitors => visitors(&comfy, &daemon).await,
        }
        let (then, peak) = daemon.memory();
        worked.push((what, comfy, daemon, then, peak));
    }
    tokio::time::sleep(IDLE).await;
    let row = |(what, _comfy, daemon, then, peak): (_, ComfyUi, Daemon, u64, u64)| {
        let (now, _) = daemon.memory();
        let beside = format!("peak {:.0} MB, {:.0} MB when it was done", peak as f64 / 1e6, then as f64 / 1e6);
        Row::new(what, now as f64 / 1e6, ASKED, "MB", beside)
    };
    worked.into_iter().map(row).collect()
}

#[derive(Clone, Copy)]
enum Work {
    HugePrompts,
    Backfill,
    Pictures,
    Visitors,
}

/// Runs that wait with prompts of megabytes, end, and are looked at and found.
async fn huge_prompts(comfy: &ComfyUi, daemon: &Daemon) {
    let words = "a castle on a hill at dusk, ";
    let mut last = String::new();
    for seed in 0..HUGE_RUNS {
        // Each is another text, as long.
        let text = format!("{seed} {words}").repeat(HUGE_BYTES / (words.len() + 2));
        let prompt = format!(
            r#"{{"6":{{"class_type":"CLIPTextEncode","inputs":{{"text":"{text}","clip":["4",1]}}}},
            "3":{{"class_type":"KSampler","inputs":{{"seed":{seed},"positive":["6",0]}}}}}}"#
        );
        last = comfy.queue(Run::from_api().with_prompt(&prompt));
    }
    for _ in 0..HUGE_RUNS {
        comfy.start_next();
        comfy.finish(&Outcome::Success);
    }
    let whole = daemon.until_status(&last, "completed").await;
    for _ in 0..3 {
        visit(daemon, &format!("/api/v1/generations/{}", whole["id"])).await;
        visit(daemon, &format!("/g/{}", whole["id"])).await;
        visit(daemon, "/?q=castle").await;
        visit(daemon, "/history?max_items=12").await;
    }
}

/// A full history, found at the first look.
async fn backfill(comfy: &ComfyUi, daemon: &Daemon) {
    let ids = comfy.preload(OLD_RUNS, &Run::from_browser("b").with_texts(&Texts::of(62_000)));
    comfy.close_sockets();
    daemon.until_status(ids.last().unwrap(), "completed").await;
    visit(daemon, "/").await;
}

async fn pictures(comfy: &ComfyUi, daemon: &Daemon) {
    let mut ids = Vec::new();
    for seed in 0..PICTURES {
        let picture = File::output(&format!("{seed}.png"), picture_of(PICTURE_BYTES, seed));
        ids.push(comfy.run(Run::from_api().saving(picture)));
    }
    let mut digests = Vec::new();
    for id in ids {
        let run = daemon.until_whole(&id, "completed").await;
        digests.push(run["outputs"][0]["sha256"].as_str().unwrap().to_owned());
    }
    join_all(digests.iter().map(async |digest| visit(daemon, &format!("/thumbs/{digest}?w=512")).await)).await;
    let archives = (0..2).map(async |_| visit(daemon, "/api/v1/generations.zip?status=completed").await);
    let least = PICTURES * PICTURE_BYTES as u64;
    assert!(join_all(archives).await.into_iter().all(|bytes| bytes > least), "every picture is in both");
}

async fn visitors(comfy: &ComfyUi, daemon: &Daemon) {
    let texts = Texts::of(62_000);
    let mut last = String::new();
    for seed in 0..1_000 {
        last = comfy.run(Run::from_browser("b").with_texts(&texts).with_seed(seed));
    }
    daemon.until_status(&last, "completed").await;
    let visitor = async |visitor: u64| {
        for n in 0..VISITS {
            let run = visitor * VISITS + n + 1;
            for path in [
                "/".to_owned(),
                format!("/g/{run}"),
                format!("/api/v1/generations?limit=200&q=seed:{run}"),
                "/?q=castle".to_owned(),
                "/api/v1/facets".to_owned(),
                "/api/v1/suggest?q=mo".to_owned(),
                "/history?max_items=50".to_owned(),
                format!("/api/v1/generations/{run}"),
            ] {
                visit(daemon, &path).await;
            }
        }
    };
    join_all((0..VISITORS as u64).map(visitor)).await;
}

/// Reads an answer, whatever it is; gives how many bytes it has.
async fn visit(daemon: &Daemon, path: &str) -> u64 {
    let mut response = client().get(format!("{}{path}", daemon.url())).send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await.unwrap() {
        bytes += piece.len() as u64;
    }
    bytes
}
