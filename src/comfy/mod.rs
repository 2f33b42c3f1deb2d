//! ComfyUI's wire: what its servers say, over HTTP and WebSocket. Knows no storage words.
//!
//! Tolerant of every version from 0.3.10 on: fields may be missing, null or of another type. Whether a server can do a
//! thing is found out by trying, never by its version number. Every wait has a time limit; only the configured address is
//! ever called, but where none is configured loopback ([`look`]), and redirects are not followed.

mod discover;
mod error;
mod http;
mod jobs;
mod outcome;
mod socket;
mod system;
mod tls;
mod view;
mod wire;

pub use discover::{Found, ask, distinct, look, on_this_machine};
pub use error::{Error, Failure};
pub use http::{Client, Endpoint, ItemStream, Paging};
pub use jobs::ListedJob;
pub use outcome::{Ended, RunFailure, RunState, run_state};
pub use socket::{Doorbell, Ring, SocketMessage};
pub use system::System;
pub use view::{Refusal, View, ViewBody};
pub use wire::{HistoryEntry, QueueItem, Submission};
