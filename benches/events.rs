//! What two hundred who listen cost: memory of the daemon's process before they come, and when each has heard of runs.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::DEADLINE;
use crate::support::comfyui::{ComfyUi, Run, Texts};
use crate::support::daemon::Daemon;
use crate::table::Row;

const CLIENTS: usize = 200;

/// Runs that each hears of, and as many that warm up the recording.
const RUNS: u64 = 20;

/// Until allocators have given back what they will.
const REST: Duration = Duration::from_secs(2);

pub async fn measure() -> Vec<Row> {
    let idle = cost("/healthz", false).await;
    let listening = cost("/events", true).await;
    let beside = format!("{RUNS} runs told to each; {:.2} MB with as many that asked for /healthz alone", idle / 1e6);
    vec![Row::new("resident memory of 200 that listen to /events", listening / 1e6, 20.0, "MB", beside)]
}

/// By how much the daemon grows when they have asked for `path`.
async fn cost(path: &str, is_told: bool) -> f64 {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let texts = Texts::of(40_000);
    // One has been there: what all of them share isn't counted.
    let mut first = Client::ask(&daemon, path).await;
    record(&comfy, &daemon, &texts, &mut [], 0).await;
    first.read_until("\r\n\r\n").await;
    tokio::time::sleep(REST).await;
    let (before, _) = daemon.memory();
    let mut clients = join_all((0..CLIENTS).map(|_| Client::ask(&daemon, path))).await;
    join_all(clients.iter_mut().map(|client| client.read_until("\r\n\r\n"))).await;
    let told: &mut [Client] = if is_told { &mut clients } else { &mut [] };
    record(&comfy, &daemon, &texts, told, RUNS).await;
    tokio::time::sleep(REST).await;
    let (after, _) = daemon.memory();
    drop(clients);
    after.saturating_sub(before) as f64
}

/// Runs one after the other; each of `told` hears of each.
async fn record(comfy: &ComfyUi, daemon: &Daemon, texts: &Texts, told: &mut [Client], first: u64) {
    for seed in first..first + RUNS {
        let id = comfy.run(Run::from_browser("b").with_texts(texts).with_seed(seed));
        let detail = daemon.until_whole(&id, "completed").await;
        let heard = format!("{{\"id\":{},\"status\":\"completed\"}}", detail["id"]);
        join_all(told.iter_mut().map(|client| client.read_until(&heard))).await;
    }
}

/// A connection that stays.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    async fn ask(daemon: &Daemon, path: &str) -> Self {
        let address = daemon.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Reads up to a text and past it.
    async fn read_until(&mut self, text: &str) {
        let reading = async {
            loop {
                if let Some(at) = memchr::memmem::find(&self.read, text.as_bytes()) {
                    self.read.drain(..at + text.len());
                    return;
                }
                assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "the server hung up");
            }
        };
        timeout(DEADLINE, reading).await.expect("nobody tells it");
    }
}
