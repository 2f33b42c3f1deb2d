//! What the handlers are given.

pub mod facts;
pub mod state;
