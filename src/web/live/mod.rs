//! What changes, as it happens.

pub mod events;
