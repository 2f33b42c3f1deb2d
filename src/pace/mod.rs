//! How to wait: pauses that grow after failures, events that may be missed, and a clock that tests own.
//!
//! Everything that retries, listens or asks for the time does it by these, so that each rule is written once.

mod backoff;
mod clock;
mod events;

pub use backoff::{Backoff, Pauses, jittered};
pub use clock::Clock;
pub use events::{Events, Heard};
