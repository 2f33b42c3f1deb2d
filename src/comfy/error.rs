//! What can go wrong between us and a ComfyUI server.

use std::error::Error as _;
use std::fmt;
use std::io::ErrorKind;

use http::StatusCode;
use tokio_tungstenite::tungstenite;
use tungstenite::error::ProtocolError;

use crate::json::SplitError;

/// A request that failed, and how.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {failure}")]
pub struct Error {
    /// What was asked, for example `GET /queue`. Holds no user name, password or query.
    pub what: &'static str,
    /// How it failed.
    pub failure: Failure,
}

/// How a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer: refused, not found, cut off.
    #[error("{}", unreachable(.0))]
    Unreachable(reqwest::Error),
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// An answer, but not the one of a ComfyUI that works.
    #[error("{}", unwelcome(*.0))]
    Status(StatusCode),
    /// An answer that can't be read.
    #[error("not an answer of ComfyUI: {0}; check the address, it may belong to another program")]
    NotComfyui(#[from] SplitError),
    /// The WebSocket could not be opened, or broke.
    #[error("{}", broken(.0))]
    Socket(Box<tungstenite::Error>),
    /// The address or its TLS can't be used at all.
    #[error("{0}")]
    Setup(String),
}

impl Error {
    pub(super) fn http(what: &'static str, error: reqwest::Error) -> Self {
        let failure = if error.is_timeout() { Failure::TimedOut } else { Failure::Unreachable(error.without_url()) };
        Self { what, failure }
    }

    pub(super) fn socket(what: &'static str, error: tungstenite::Error) -> Self {
        Self { what, failure: Failure::Socket(Box::new(error)) }
    }

    /// Whether the server could be talked to at all, so that the failure concerns this request alone.
    pub fn is_answer(&self) -> bool {
        matches!(self.failure, Failure::Status(_) | Failure::NotComfyui(_))
    }
}

fn unreachable(error: &reqwest::Error) -> String {
    if error.is_connect() {
        return nobody(&innermost(error));
    }
    format!("the connection broke ({})", innermost(error))
}

fn nobody(why: &dyn fmt::Display) -> String {
    format!("nobody answers ({why}); is ComfyUI running at this address?")
}

fn broken(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            "ComfyUI closed the connection".into()
        }
        tungstenite::Error::Io(error) if !is_cut_off(error.kind()) => {
            error.get_ref().and_then(|inner| inner.downcast_ref()).map_or_else(|| nobody(error), insecure)
        }
        tungstenite::Error::Protocol(ProtocolError::WrongHttpVersion) => {
            "not an answer of ComfyUI; check the address, it may belong to another program".into()
        }
        other => format!("the WebSocket broke ({other})"),
    }
}

fn is_cut_off(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn insecure(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => format!(
            "its certificate isn't trusted ({why}); if it is one that you made yourself, allow it with --accept-invalid-certs"
        ),
        rustls::Error::InvalidMessage(_) => "no TLS is spoken there; try http:// in the URL".into(),
        other => format!("TLS failed ({other})"),
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

fn unwelcome(status: StatusCode) -> String {
    match status.as_u16() {
        401 | 403 | 407 => format!("answered {status}; give user:password in the URL or the headers it needs"),
        400 => format!("answered {status}; if it speaks TLS, use https:// in the URL"),
        300..=399 => format!("answered {status}; redirects are not followed, configure the final address"),
        404 => format!("answered {status}; check the path in the URL, or whether this is ComfyUI"),
        _ => format!("answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn said(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> String {
        broken(&tungstenite::Error::Io(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    #[test]
    fn a_socket_that_cannot_be_opened_says_what_to_do() {
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(said(untrusted).contains("--accept-invalid-certs"));
        assert!(said(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)).contains("http://"));
        assert!(said("failed to lookup address information").contains("is ComfyUI running at this address?"));
        let old = tungstenite::Error::Protocol(ProtocolError::WrongHttpVersion);
        assert!(broken(&old).contains("another program"));
    }
}
