//! One run: its page, its JSON, its documents, its archive.

pub mod api;
pub mod archive;
pub mod document;
pub mod failure;
pub mod media;
pub mod page;
pub mod parameters;
