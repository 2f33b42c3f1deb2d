//! JSON for scripts. A contract: keys may be added, never renamed.

pub mod facets;
pub mod generations;
pub mod health;
pub mod suggest;
