//! A client that costs little, so that what is measured is the server: requests as bytes, on connections that stay open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Connections at a time.
pub const CONNECTIONS: usize = 16;

/// How long a question is asked.
const WHILE: Duration = Duration::from_secs(3);

/// How fast answers came.
pub struct Answers {
    pub a_second: f64,
    /// Ninety-nine of a hundred took no longer.
    pub p99: Duration,
    /// The middle one.
    pub median: Duration,
    /// How long the body of the first was, in bytes.
    pub bytes: usize,
}

/// Asks on every connection, one question after the other; `question` gives the n-th of a connection: a method and a path,
/// and a body of JSON if it has one. The clients have a thread of their own, as they would have elsewhere: they don't wait
/// for their turn among the server's tasks.
pub async fn ask(address: SocketAddr, question: impl Fn(usize) -> String + Send + Sync + 'static) -> Answers {
    let (reply, answers) = oneshot::channel();
    thread::spawn(move || {
        let clients = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(reply.send(clients.block_on(ask_all(address, question))).is_ok(), "nobody waits for the answers");
    });
    answers.await.unwrap()
}

async fn ask_all(address: SocketAddr, question: impl Fn(usize) -> String + Send + Sync + 'static) -> Answers {
    let (question, stop) = (Arc::new(question), Arc::new(AtomicBool::new(false)));
    let mut connections = JoinSet::new();
    let start = Instant::now();
    for connection in 0..CONNECTIONS {
        let (question, stop) = (Arc::clone(&question), Arc::clone(&stop));
        connections.spawn(async move {
            let mut client = Client::connect(address).await;
            let (mut took, mut bytes) = (Vec::new(), 0);
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let asked = Instant::now();
                bytes = client.answer(&question(n * CONNECTIONS + connection)).await;
                took.push(asked.elapsed());
            }
            (took, bytes)
        });
    }
    sleep(WHILE).await;
    stop.store(true, Ordering::Relaxed);
    let (mut took, mut bytes) = (Vec::new(), 0);
    while let Some(ended) = connections.join_next().await {
        let (some, length) = ended.unwrap();
        took.extend(some);
        bytes = length;
    }
    let a_second = took.len() as f64 / start.elapsed().as_secs_f64();
    took.sort_unstable();
    Answers { a_second, p99: took[took.len() * 99 / 100], median: took[took.len() / 2], bytes }
}

/// One connection.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: vec![0; 1 << 20] }
    }

    /// Sends `METHOD PATH[\nBODY]`, and gives how long the body of the answer is.
    async fn answer(&mut self, question: &str) -> usize {
        let (line, body) = question.split_once('\n').unwrap_or((question, ""));
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let (mut filled, mut head) = (0, None);
        loop {
            let got = self.stream.read(&mut self.read[filled..]).await.unwrap();
            assert!(got > 0, "the server hung up on {line}");
            filled += got;
            if head.is_none() {
                head = head_of(&self.read[..filled], line);
            }
            match head {
                Some((start, length)) if filled >= start + length => return length,
                _ => {}
            }
        }
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head_of(read: &[u8], line: &str) -> Option<(usize, usize)> {
    let start = memchr::memmem::find(read, b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&read[..start]).unwrap().to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 200"), "{line}: {text}");
    let length = text.split("content-length: ").nth(1).expect("a length");
    Some((start, length.split('\r').next()?.parse().unwrap()))
}
