//! What can go wrong between us and a ComfyUI server.

use std::error::Error as _;
use std::fmt;
use std::io::ErrorKind;

use http::StatusCode;
use tokio_tungstenite::tungstenite;
use tungstenite::error::ProtocolError;

use crate::json::SplitError;
use crate::model::{Cause, Trouble};

/// A request that failed, and how.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {failure}")]
pub struct Error {
    /// What was asked, for example `GET /queue`. Holds no user name, password or query.
    pub what: &'static str,
    pub failure: Failure,
}

/// How a request failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.trouble())]
pub enum Failure {
    /// No answer: refused, not found, cut off.
    Unreachable(reqwest::Error),
    /// No answer in time.
    TimedOut,
    /// An answer, but not the one of a ComfyUI that works.
    Status(StatusCode),
    /// An answer that can't be read.
    NotComfyui(#[from] SplitError),
    /// The WebSocket could not be opened, or broke.
    Socket(Box<tungstenite::Error>),
    /// It was told of before.
    Told(Trouble),
    /// The address or its TLS can't be used at all.
    Setup(String),
}

impl Failure {
    /// What to tell people.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Unreachable(error) if error.is_connect() => nobody(innermost(error)),
            Self::Unreachable(error) => Trouble::new(Cause::ConnectionBroke, innermost(error)),
            Self::TimedOut => Cause::TimedOut.into(),
            Self::Status(status) => unwelcome(*status),
            Self::NotComfyui(error) => Trouble::new(Cause::NotComfyui, error),
            Self::Socket(error) => broken(error),
            Self::Told(trouble) => trouble.clone(),
            Self::Setup(text) => Trouble::new(Cause::Unusable, text),
        }
    }
}

impl Error {
    pub(super) fn http(what: &'static str, error: reqwest::Error) -> Self {
        let failure = if error.is_timeout() { Failure::TimedOut } else { Failure::Unreachable(error.without_url()) };
        Self { what, failure }
    }

    pub(super) fn socket(what: &'static str, error: tungstenite::Error) -> Self {
        Self { what, failure: Failure::Socket(Box::new(error)) }
    }

    /// Whether nobody listens there: the machine itself said so, at once.
    pub fn is_refused(&self) -> bool {
        let refused = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
        match &self.failure {
            Failure::Socket(error) => matches!(&**error, tungstenite::Error::Io(error) if refused(error)),
            Failure::Unreachable(error) => {
                let mut cause = error.source();
                while let Some(error) = cause {
                    if error.downcast_ref().is_some_and(refused) {
                        return true;
                    }
                    cause = error.source();
                }
                false
            }
            _ => false,
        }
    }

    /// Whether the server could be talked to at all, so that the failure concerns this request alone.
    pub fn is_answer(&self) -> bool {
        matches!(self.failure, Failure::Status(_) | Failure::NotComfyui(_))
    }
}

impl Failure {
    /// Whether the server itself failed at this request. A proxy whose server is away says something else (502 to 504).
    pub fn is_of_the_server(&self) -> bool {
        matches!(self, Self::Status(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

fn nobody(why: impl fmt::Display) -> Trouble {
    Trouble::new(Cause::NobodyAnswers, why)
}

fn broken(error: &tungstenite::Error) -> Trouble {
    match error {
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Cause::ConnectionClosed.into(),
        tungstenite::Error::Io(error) if !is_cut_off(error.kind()) => {
            error.get_ref().and_then(|inner| inner.downcast_ref()).map_or_else(|| nobody(error), insecure)
        }
        tungstenite::Error::Protocol(ProtocolError::WrongHttpVersion) => Cause::NotComfyui.into(),
        other => Trouble::new(Cause::ConnectionBroke, other),
    }
}

fn is_cut_off(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn insecure(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(why) => Trouble::new(Cause::CertificateUntrusted, why),
        rustls::Error::InvalidMessage(_) => Cause::NoTls.into(),
        other => Trouble::new(Cause::TlsFailed, other),
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

fn unwelcome(status: StatusCode) -> Trouble {
    let cause = match status.as_u16() {
        401 | 403 | 407 => Cause::Unauthorized,
        400 => Cause::TlsWanted,
        300..=399 => Cause::Redirected,
        404 => Cause::WrongPath,
        _ => Cause::ServerError,
    };
    Trouble::new(cause, status)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn said(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Trouble {
        broken(&tungstenite::Error::Io(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    #[test]
    fn a_socket_that_cannot_be_opened_says_what_to_do() {
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert_eq!(said(untrusted).cause, Cause::CertificateUntrusted);
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(said(no_tls).cause, Cause::NoTls);
        assert_eq!(said("failed to lookup address information").cause, Cause::NobodyAnswers);
        let old = tungstenite::Error::Protocol(ProtocolError::WrongHttpVersion);
        assert_eq!(broken(&old).cause, Cause::NotComfyui);
    }

    #[test]
    fn an_answer_that_is_no_welcome_says_what_to_do() {
        for (status, said) in [(403, "user:password"), (302, "final address"), (404, "path"), (502, "502 Bad Gateway")]
        {
            let failure = Failure::Status(StatusCode::from_u16(status).unwrap());
            assert!(failure.to_string().contains(said), "{failure}");
        }
    }
}
