//! Kept files and their thumbnails.

pub mod file;
pub mod thumbnail;
