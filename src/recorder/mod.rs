//! Hears one ComfyUI and writes down everything it makes.
//!
//! The doorbell (WebSocket), a timer and the watched folders only say *when* to look; what happened is read from `/queue`
//! and `/history`, compared with what the store knows ([`reconcile`], pure), described, and saved. Files follow: each is
//! fetched until it is here or known to be gone. Every step may run twice, and a crash between two loses nothing.
//!
//! One run passes [`early`] → [`session`] → [`poll`] → [`record`] → [`reconcile`] → [`crate::intake`] → [`claims`] →
//! [`scribe`] → [`capture`].

mod asking;
mod backfill;
mod capture;
mod claims;
mod early;
mod error;
mod evidence;
mod fetch;
mod folders;
mod gaps;
mod heartbeat;
mod hidden;
pub mod ledger;
mod missing;
mod pace;
mod pages;
mod poll;
mod readings;
pub mod reconcile;
mod record;
mod replaced;
mod restarts;
mod room;
mod run;
mod scribe;
mod session;
mod settings;
mod socket_reader;
mod transfers;
mod turns;
mod unclaimed;
mod unseen;
mod watch;

pub use error::Error;
pub use folders::SharedFolders;
pub use heartbeat::run_heartbeat;
pub use room::watch_room;
pub use run::run;
pub use settings::Settings;
pub use turns::{DESCRIBING, Turns};
