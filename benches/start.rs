//! How soon comfy-recall is there: from its start as a process to its first byte. For `list` that is the list, for the
//! daemon the line that says it is ready.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use comfy_recall::model::List;
use comfy_recall::search;
use comfy_recall::store::Store;

use crate::find::million;
use crate::support::daemon::program;
use crate::table::{Row, median, millis};

/// Times that each is started.
const TIMES: usize = 25;

/// Milliseconds asked for.
const ASKED: f64 = 50.0;

/// Milliseconds until the daemon is ready, on nothing and on a million.
const READY: [f64; 2] = [100.0, 300.0];

pub async fn measure() -> Vec<Row> {
    let mut rows = vec![tokio::task::spawn_blocking(on_nothing).await.unwrap()];
    rows.extend(on_a_million().await);
    rows
}

async fn on_a_million() -> Vec<Row> {
    let folder = million::indexed().await;
    let store = Store::open(&folder).unwrap();
    let model = store.suggest(List::Model, "", 1).await.unwrap().remove(0);
    store.close().await.unwrap();
    let of_model = search::exact(List::Model, &model.text);
    tokio::task::spawn_blocking(move || starts(&folder, &of_model)).await.unwrap()
}

fn starts(folder: &Path, of_model: &str) -> Vec<Row> {
    let plain = started(folder, &["--version"]);
    let ready = started(folder, &served(folder));
    let mut rows = vec![ready_row("the daemon is ready, on a million", ready, plain, READY[1])];
    for (what, arguments) in [
        ("comfy-recall list starts to write, of a million", &["list"] as &[&str]),
        ("… --json", &["list", "--json"]),
        ("… --all", &["list", "--all"]),
        ("… failed ones of one day", &["list", "--status", "failed", "--date", "2024-03-01"]),
        ("… with a word that half of all have", &["list", "masterpiece"]),
        ("… with two and a field, --json", &["list", "--json", "masterpiece -portrait steps:>20"]),
        ("… of a model", &["list", of_model]),
    ] {
        let took = started(folder, &[arguments, &["--data-dir", folder.to_str().unwrap()]].concat());
        let ratio = took.as_secs_f64() / plain.as_secs_f64();
        let beside = format!("{ratio:.1} × the {} that --version takes", millis(plain));
        rows.push(Row::new(what, took.as_secs_f64() * 1e3, ASKED, "ms", beside));
    }
    rows
}

/// Each start makes the store anew.
fn on_nothing() -> Row {
    let home = tempfile::tempdir().unwrap();
    let plain = started(home.path(), &["--version"]);
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let empty = tempfile::tempdir().unwrap();
        took.push(start_once(empty.path(), &served(empty.path())));
    }
    ready_row("the daemon is ready, on an empty store", median(&mut took), plain, READY[0])
}

/// Beside a ComfyUI that is away: whether one answers is nothing that it waits for.
fn served(data: &Path) -> [&str; 7] {
    let data = data.to_str().unwrap();
    ["serve", "--listen", "127.0.0.1:0", "--comfyui", "http://127.0.0.1:1", "--data-dir", data]
}

fn ready_row(what: &'static str, took: Duration, plain: Duration, asked: f64) -> Row {
    let ratio = took.as_secs_f64() / plain.as_secs_f64();
    let beside = format!("{ratio:.1} × the {} that --version takes", millis(plain));
    Row::new(what, took.as_secs_f64() * 1e3, asked, "ms", beside)
}

/// From start to first byte, the middle one of some.
fn started(home: &Path, arguments: &[&str]) -> Duration {
    let mut took: Vec<Duration> = (0..TIMES).map(|_| start_once(home, arguments)).collect();
    median(&mut took)
}

fn start_once(home: &Path, arguments: &[&str]) -> Duration {
    let mut command = Command::new(program());
    command.env_clear().env("HOME", home).args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let got = stdout.read(&mut [0]).unwrap();
    let took = start.elapsed();
    // It has nobody to write for any more, and ends; a daemon doesn't by itself.
    drop(stdout);
    if arguments[0] == "serve" {
        child.kill().unwrap();
    }
    let said = child.wait_with_output().unwrap().stderr;
    assert_eq!(got, 1, "{arguments:?}: {}", String::from_utf8_lossy(&said));
    took
}
