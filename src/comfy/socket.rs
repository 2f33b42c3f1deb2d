//! The WebSocket: a doorbell. Whoever didn't submit a prompt hears `status` and nothing else, and nothing else is read.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::error::{Error, Failure};
use super::http::Client;

const WHAT: &str = "open /ws";

/// How long connecting and shaking hands may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the line may be silent before we ask whether anybody is there. A ping is no request: ComfyUI's library
/// answers it by itself.
const PING_AFTER: Duration = Duration::from_secs(45);

/// How long that answer may take. ComfyUI can be busy for many seconds.
const PONG_WITHIN: Duration = Duration::from_secs(60);

/// `status` is 80 bytes. Previews of prompts without a client id, which go to everybody, are some hundred kilobytes.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// Answers to pings that wait for somebody to read them. Beyond that the last one stands for all: one who asks without end,
/// and doesn't listen, fills no memory.
const MOST_UNSENT: usize = 64 * 1024;

/// ComfyUI says that its queue changed: something was queued, started, ended or was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    /// Runs that wait and run, when it was sent.
    pub queue_remaining: u64,
}

/// What a WebSocket tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketMessage {
    Ring(Ring),
    /// The process at the other end lived when it was asked with this number. What it sent before was heard before.
    Alive(u64),
}

#[derive(Debug)]
pub struct Doorbell {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard_at: Instant,
    is_pinged: bool,
}

impl Client {
    /// Opens the WebSocket, with a fresh id of our own: using somebody else's would cut off their browser.
    pub async fn doorbell(&self) -> Result<Doorbell, Error> {
        let setup = |text: String| Error { what: WHAT, failure: Failure::Setup(text) };
        let mut url = self.url("ws");
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| setup(format!("{} can't be used for a WebSocket", self.endpoint.url)))?;
        url.query_pairs_mut().append_pair("clientId", &format!("comfy-recall-{:032x}", fastrand::u128(..)));
        let mut request = url.as_str().into_client_request().map_err(|error| Error::socket(WHAT, error))?;
        for (name, value) in &self.endpoint.headers {
            request.headers_mut().insert(name, value.clone());
        }
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("comfy-recall"));
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE))
            .read_buffer_size(16 * 1024)
            .write_buffer_size(0)
            .max_write_buffer_size(MOST_UNSENT);
        let connector = self.tls.clone().map(|tls: Arc<_>| Connector::Rustls(tls));
        let connecting = connect_async_tls_with_config(request, Some(config), true, connector);
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _))) => Ok(Doorbell { socket, heard_at: Instant::now(), is_pinged: false }),
            Ok(Err(tungstenite::Error::Http(answer))) => {
                Err(Error { what: WHAT, failure: Failure::Status(answer.status()) })
            }
            Ok(Err(error)) => Err(Error::socket(WHAT, error)),
            Err(_) => Err(Error { what: WHAT, failure: Failure::TimedOut }),
        }
    }
}

impl Doorbell {
    /// Asks the process at the other end whether it lives: a ping, which is no request. [`SocketMessage::Alive`] is the answer.
    pub async fn ask_alive(&mut self, number: u64) -> Result<(), Error> {
        self.ping(bytes::Bytes::copy_from_slice(&number.to_be_bytes())).await
    }

    /// Sends a ping. One who doesn't read is no more there than one who doesn't answer.
    async fn ping(&mut self, what: bytes::Bytes) -> Result<(), Error> {
        match timeout(PONG_WITHIN, self.socket.send(Message::Ping(what))).await {
            Ok(sent) => sent.map_err(|error| Error::socket(WHAT, error)),
            Err(_) => Err(Error { what: WHAT, failure: Failure::TimedOut }),
        }
    }

    /// Waits for the next ring or answer. Every other message, and every message that makes no sense, is ignored; an
    /// error means that the connection is dead and must be opened again. May be cancelled and called again.
    pub async fn next(&mut self) -> Result<SocketMessage, Error> {
        loop {
            let patience = if self.is_pinged { PONG_WITHIN } else { PING_AFTER };
            match timeout_at(self.heard_at + patience, self.socket.next()).await {
                Err(_) if self.is_pinged => return Err(Error { what: WHAT, failure: Failure::TimedOut }),
                Err(_) => {
                    self.is_pinged = true;
                    self.heard_at = Instant::now();
                    self.ping(bytes::Bytes::new()).await?;
                }
                Ok(None) => return Err(Error::socket(WHAT, tungstenite::Error::ConnectionClosed)),
                Ok(Some(Err(error))) => return Err(Error::socket(WHAT, error)),
                Ok(Some(Ok(message))) => {
                    self.heard_at = Instant::now();
                    self.is_pinged = false;
                    if let Some(heard) = ring(&message).map(SocketMessage::Ring).or_else(|| alive(&message)) {
                        return Ok(heard);
                    }
                }
            }
        }
    }
}

fn alive(message: &Message) -> Option<SocketMessage> {
    let Message::Pong(number) = message else { return None };
    Some(SocketMessage::Alive(u64::from_be_bytes(number.as_ref().try_into().ok()?)))
}

fn ring(message: &Message) -> Option<Ring> {
    #[derive(Deserialize)]
    struct Event {
        r#type: String,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        exec_info: ExecInfo,
    }
    #[derive(Deserialize)]
    struct ExecInfo {
        queue_remaining: u64,
    }
    let Message::Text(text) = message else { return None };
    let event: Event = serde_json::from_str(text).ok()?;
    let queue_remaining = event.data.status.exec_info.queue_remaining;
    (event.r#type == "status").then_some(Ring { queue_remaining })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_rings() {
        let status = r#"{"type":"status","data":{"status":{"exec_info":{"queue_remaining":3}},"sid":"x"}}"#;
        assert_eq!(ring(&Message::text(status)), Some(Ring { queue_remaining: 3 }));
        for text in
            ["", "{}", "null", r#"{"type":"status","data":{}}"#, &status.replace("status\",", "progress\","), "[[[["]
        {
            assert_eq!(ring(&Message::text(text)), None, "{text}");
        }
        assert_eq!(ring(&Message::binary(status.as_bytes().to_vec())), None);
    }
}
