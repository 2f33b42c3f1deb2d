//! How soon `comfy-recall list` writes on a million generations: from its start as a process to its first byte.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use comfy_recall::store::Store;

use crate::find::million;
use crate::support::daemon::program;
use crate::table::{Row, median, millis};

/// Times that each is started.
const TIMES: usize = 25;

/// Milliseconds asked for.
const ASKED: f64 = 50.0;

pub async fn measure() -> Vec<Row> {
    let Some(folder) = million::filled().await else {
        eprintln!("  ../shared/comfyui/workflows isn't there: nothing measured");
        return Vec::new();
    };
    // Brings a folder of an older version up to date.
    Store::open(&folder).unwrap().close().await.unwrap();
    tokio::task::spawn_blocking(move || starts(&folder)).await.unwrap()
}

fn starts(folder: &Path) -> Vec<Row> {
    let plain = started(folder, &["--version"]);
    let mut rows = Vec::new();
    for (what, arguments) in [
        ("comfy-recall list starts to write, of a million", &["list"] as &[&str]),
        ("… --json", &["list", "--json"]),
        ("… --all", &["list", "--all"]),
        ("… failed ones of one day", &["list", "--status", "failed", "--date", "2024-03-01"]),
        ("… with a word that half of all have", &["list", "masterpiece"]),
        ("… with two and a field, --json", &["list", "--json", "masterpiece -portrait steps:>20"]),
        ("… of a model", &["list", "model:flux"]),
    ] {
        let took = started(folder, &[arguments, &["--data-dir", folder.to_str().unwrap()]].concat());
        let ratio = took.as_secs_f64() / plain.as_secs_f64();
        let beside = format!("{ratio:.1} × the {} that --version takes", millis(plain));
        rows.push(Row::new(what, took.as_secs_f64() * 1e3, ASKED, "ms", beside));
    }
    rows
}

/// From start to first byte, the middle one of some.
fn started(home: &Path, arguments: &[&str]) -> Duration {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let mut command = Command::new(program());
        command.env_clear().env("HOME", home).args(arguments).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let got = stdout.read(&mut [0]).unwrap();
        took.push(start.elapsed());
        // It has nobody to write for any more, and ends.
        drop(stdout);
        let said = child.wait_with_output().unwrap().stderr;
        assert_eq!(got, 1, "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
    median(&mut took)
}
