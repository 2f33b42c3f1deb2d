//! The stand-in ComfyUI keeps to the recordings; a recorder that passes beside it would pass beside the real ones.

mod behaviour;
mod faults;
mod recordings;

use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::comfyui::{ComfyUi, new_id};

/// A socket as a browser or a sidecar opens it.
struct Listener {
    sid: String,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Listener {
    /// Connects, and waits until the server knows of it.
    async fn connect(comfy: &ComfyUi) -> Self {
        Self::connect_as(comfy, &new_id()).await
    }

    async fn connect_as(comfy: &ComfyUi, sid: &str) -> Self {
        let url = format!("{}/ws?clientId={sid}", comfy.url().replace("http://", "ws://"));
        let (stream, _) = connect_async(url).await.unwrap();
        let mut listener = Self { sid: sid.to_owned(), stream };
        assert!(listener.next().await.unwrap().contains(sid), "the first frame tells the sid");
        listener
    }

    /// The next text frame; `None` when the socket has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Every text frame until the socket ends.
    async fn rest(mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

fn status(remaining: usize) -> String {
    format!(r#"{{"type":"status","data":{{"status":{{"exec_info":{{"queue_remaining":{remaining}}}}}}}}}"#)
}
