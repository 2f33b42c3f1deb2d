//! A scripted ComfyUI: it keeps to what the recordings show of real servers, and does what a test tells it to.
//!
//! It says only what it was asked and what everybody hears: to a socket that queued nothing, `status` and no more.

mod fault;
mod files;
mod history;
mod jobs;
mod orders;
mod process;
mod queue;
mod reader;
mod recording;
mod routes;
mod run;
mod script;
mod server;
mod socket;
mod state;
mod version;
mod view;

pub use fault::{Fault, Route};
pub use files::{Content, File, Files, Place, picture, picture_of, picture_with};
pub use history::Entry;
pub use jobs::of_history as job_of_history;
pub use process::{Builder, ComfyUi};
pub use recording::{Recording, Step};
pub use run::{Outcome, Run, SEED, Texts};
pub use socket::{Frame, new_id};
pub use state::Request;
pub use version::Version;
