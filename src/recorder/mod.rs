//! Hears one ComfyUI and writes down everything it makes.
//!
//! The doorbell (WebSocket), a timer and the watched folders only say *when* to look; what happened is read from `/queue`
//! and `/history`, compared with what the store knows ([`reconcile`], pure), described, and saved. Files follow: each is
//! fetched until it is here or known to be gone. Every step may run twice, and a crash between two loses nothing.
//!
//! The way of one run: [`lookout`] → [`session`] → [`poll`] → [`record`] → [`reconcile`] → [`crate::intake`] →
//! [`attribute`] → [`scribe`] → [`capture`].

mod alive;
mod asking;
mod attribute;
mod backfill;
mod books;
mod capture;
mod ear;
mod error;
mod fetch;
mod folders;
mod gaps;
mod hands;
mod held;
mod hidden;
mod lives;
mod lookout;
mod pace;
mod pages;
mod poll;
mod readings;
pub mod reconcile;
mod record;
mod replaced;
pub mod rings;
mod room;
mod run;
mod scribe;
mod session;
mod settings;
mod traces;
mod turns;
mod vanish;
mod watch;

pub use alive::note_alive;
pub use error::Error;
pub use folders::Folders;
pub use room::watch_room;
pub use run::run;
pub use settings::Settings;
pub use turns::{DESCRIBING, Turns};
