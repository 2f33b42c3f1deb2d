//! What the handlers are given, part by part.

pub mod facts;
mod failures;
pub mod state;
