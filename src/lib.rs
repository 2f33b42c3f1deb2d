//! comfy-recall: a daemon that sits beside ComfyUI and remembers everything it makes.
//!
//! The library exists for the binary, the tests and the benches; it promises nothing to other crates. A test reads the
//! `use crate::` lines of every room and fails on one that reaches where it shouldn't.

pub mod app;
pub mod blobs;
pub mod browser;
pub mod cli;
pub mod comfy;
pub mod commands;
pub mod config;
pub mod export;
pub mod facts;
pub mod foreign;
pub(crate) mod index;
pub mod indexer;
pub mod intake;
pub mod json;
pub mod live;
pub mod media;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod pace;
pub(crate) mod paging;
pub mod recorder;
pub mod search;
pub mod share;
pub(crate) mod sqlite;
pub mod store;
pub mod telemetry;
pub mod thumbs;
pub mod web;
pub mod webhooks;
