//! What others notice of those who mean no good: measured beside the same without them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::client;
use crate::support::daemon::{Daemon, Launch};
use crate::table::{Row, median, millis};

/// As many connections as there may be.
const ALL: usize = 512;

/// Visits of which the slowest is told.
const VISITS: usize = 20;

/// Milliseconds within which others are served.
const SERVED: f64 = 15_000.0;

/// All connections are held by those who send no more of a request, or read no more of an answer.
pub async fn measure() -> Vec<Row> {
    let daemon = Launch::new().environment("RECALL_PASSWORD", "correct horse").start().await;
    let mut alone = visits(&daemon).await;
    let plain = median(&mut alone);
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let silent = format!("{head}Content-Length: 100\r\n\r\npass");
    let page = daemon.get("/sign-in").await.text().await.unwrap();
    let style = page.split('"').find(|part| part.starts_with("/assets/style.")).unwrap();
    let unread = format!("GET {style} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(100);
    let mut rows = Vec::new();
    for (what, said) in [
        ("a visit beside 512 bodies that never come, the slowest", silent),
        ("… beside 512 answers that nobody reads, the slowest", unread),
    ] {
        let held = join_all((0..ALL).map(|_| says(&daemon, &said))).await;
        let slowest = visits(&daemon).await.into_iter().max().unwrap_or_default();
        rows.push(Row::new(what, slowest.as_secs_f64() * 1e3, SERVED, "ms", format!("{} without them", millis(plain))));
        drop(held);
    }
    rows
}

/// Each on a connection of its own.
async fn visits(daemon: &Daemon) -> Vec<Duration> {
    let mut took = Vec::new();
    for _ in 0..VISITS {
        let began = Instant::now();
        assert!(client().get(format!("{}/healthz", daemon.url())).send().await.unwrap().status().is_success());
        took.push(began.elapsed());
    }
    took
}

async fn says(daemon: &Daemon, said: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 0)).unwrap();
    let address = daemon.url().strip_prefix("http://").unwrap().parse().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    // Who is sent away meanwhile hears no more of it.
    let _ = stream.write_all(said.as_bytes()).await;
    stream
}
