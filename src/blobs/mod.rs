//! Content-addressed files: `ab/cdef…` by SHA-256. Knows digests and paths; knows nothing of prompts or SQL.
//!
//! A file under its final name is complete: it is written under a temporary name, synced, renamed, and the folder synced,
//! before anybody hears of it. What a crash leaves under a temporary name is swept at the next start; what it leaves under a
//! final name may lack the sync of its folder, so a name that is found there is synced once before it counts as kept.
//!
//! Whether files can be kept is known here and nowhere else: see [`room`].

mod adopt;
mod disk;
mod draft;
mod durable;
mod error;
mod hasher;
mod inspect;
mod progress;
pub mod room;

pub use crate::share::share;
pub use adopt::Adopted;
pub use disk::{Blobs, TURNS};
pub use draft::Draft;
pub use error::Error;
pub use hasher::Stored;
pub use inspect::{Condition, FolderContents};
pub use progress::Progress;
