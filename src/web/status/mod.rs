//! How the daemon and what it records are doing.

pub mod api;
pub mod banners;
pub mod dismiss;
pub mod health;
pub mod metrics;
pub mod page;
