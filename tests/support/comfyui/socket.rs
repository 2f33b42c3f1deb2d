//! The WebSocket: who is connected, and who hears what.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

/// What goes out on a socket.
#[derive(Debug, Clone)]
pub enum Frame {
    Text(String),
    Binary(Bytes),
    /// Bytes of the wire, right or wrong.
    Raw(Bytes),
    /// The same so many times, without listening meanwhile.
    Flood(Bytes, usize),
    /// Break the connection without a farewell.
    Break,
}

#[derive(Debug)]
struct Socket {
    /// Its `clientId`, or what the server called it.
    sid: String,
    frames: UnboundedSender<Frame>,
}

/// The connected sockets by their sid.
#[derive(Debug, Default)]
pub struct Sockets {
    hooked: Vec<Socket>,
    /// Sockets whose sid somebody else took: still open, but they hear nothing.
    unhooked: Vec<Socket>,
}

impl Sockets {
    pub fn len(&self) -> usize {
        self.hooked.len()
    }

    pub fn connect(&mut self, client_id: Option<&str>, remaining: usize) -> (String, UnboundedReceiver<Frame>) {
        let sid = client_id.filter(|id| !id.is_empty()).map_or_else(|| new_id().replace('-', ""), str::to_owned);
        self.unhooked.extend(self.hooked.extract_if(.., |socket| socket.sid == sid));
        let (frames, receiver) = unbounded_channel();
        let greeting = format!(
            r#"{{"type":"status","data":{{"status":{{"exec_info":{{"queue_remaining":{remaining}}}}},"sid":{}}}}}"#,
            serde_json::json!(sid)
        );
        let _ = frames.send(Frame::Text(greeting));
        self.hooked.push(Socket { sid: sid.clone(), frames });
        (sid, receiver)
    }

    /// ComfyUI forgets the sid when any socket of that name closes, also one that it had unhooked.
    pub fn disconnect(&mut self, sid: &str) {
        self.unhooked.extend(self.hooked.extract_if(.., |socket| socket.sid == sid));
    }

    pub fn send_all(&self, frame: &Frame) {
        for socket in &self.hooked {
            let _ = socket.frames.send(frame.clone());
        }
    }

    pub fn send_to(&self, sid: &str, frame: &Frame) {
        for socket in self.hooked.iter().filter(|socket| socket.sid == sid) {
            let _ = socket.frames.send(frame.clone());
        }
    }

    /// Everybody hears of the queue.
    pub fn send_status(&self, remaining: usize) {
        self.send_all(&Frame::Text(format!(
            r#"{{"type":"status","data":{{"status":{{"exec_info":{{"queue_remaining":{remaining}}}}}}}}}"#
        )));
    }

    pub fn break_all(&mut self) {
        for socket in self.hooked.drain(..).chain(self.unhooked.drain(..)) {
            let _ = socket.frames.send(Frame::Break);
        }
    }
}

/// A random UUID.
pub fn new_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Carries one socket until either side ends it or the server dies.
pub async fn carry(upgrade: OnUpgrade, mut frames: UnboundedReceiver<Frame>, life: CancellationToken) {
    let Ok(stream) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await;
    loop {
        let sent = tokio::select! {
            () = life.cancelled() => return,
            heard = socket.next() => match heard {
                Some(Ok(_)) => Ok(()),
                Some(Err(_)) | None => return,
            },
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => socket.send(Message::text(text)).await,
                Some(Frame::Binary(bytes)) => socket.send(Message::binary(bytes)).await,
                Some(Frame::Raw(bytes)) => write_raw(&mut socket, &bytes).await,
                Some(Frame::Flood(bytes, times)) => tokio::select! {
                    () = life.cancelled() => return,
                    flooded = flood(&mut socket, &bytes, times) => flooded,
                },
                Some(Frame::Break) | None => return,
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn write_raw(
    socket: &mut WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    bytes: &[u8],
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    socket.flush().await?;
    let stream = socket.get_mut();
    stream.write_all(bytes).await?;
    stream.flush().await?;
    Ok(())
}

async fn flood(
    socket: &mut WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    bytes: &[u8],
    times: usize,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    for _ in 0..times {
        write_raw(socket, bytes).await?;
    }
    Ok(())
}
