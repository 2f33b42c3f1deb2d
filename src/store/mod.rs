//! The permanent memory: one SQLite database, one writer, many readers.
//!
//! What is written is durable when the call returns, in whole batches or not at all; every step may run twice. Callers
//! may stop waiting at any time, what they asked for is done all the same. Reading never waits for writing, and no page
//! of the list costs more as the history grows. Knows nothing of files: a digest is only a name here.

mod attachment;
mod attachments;
mod backup;
mod changes;
mod copy;
mod count;
mod database;
mod deliveries;
mod detail;
mod document;
mod documents;
mod error;
mod files;
mod folder;
mod frame;
mod gaps;
mod history;
mod indexing;
mod inspect;
mod known;
mod list;
mod listeners;
mod matching;
mod named;
mod notes;
mod numbered;
mod open;
mod outputs;
mod places;
mod readers;
mod recording;
mod repair;
mod restore;
mod rows;
mod save;
mod schema;
mod shape;
mod sightings;
mod size;
mod stop;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod tie;
mod told;
mod unindexed;
mod upgrade;
mod waiting;
mod writer;

pub use attachment::{AttachmentKey, NewAttachment, NewContent};
pub use backup::Vault;
pub use copy::Copy;
pub use database::Store;
pub use deliveries::Deliveries;
pub use error::Error;
pub use files::{Fetched, WantedFile};
pub use folder::LOCK;
pub use history::History;
pub use indexing::Indexing;
pub use inspect::{Inspector, KeptFile, NamedFile};
pub use known::{Known, Queue};
pub use named::Named;
pub use recording::Recording;
pub use repair::Fate;
pub use restore::{Restored, restore};
pub use save::Save;
pub use sightings::{Phase, Read, Sighting};
pub use stop::{asked_to_stop, is_in_use, stop};
pub use unindexed::Indexed;
pub use upgrade::{Upgrade, copies};
pub use waiting::Unindexed;
