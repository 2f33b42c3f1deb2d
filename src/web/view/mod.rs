//! What pages are made of: who looks, words, formats, assets, the frame around every page.

pub mod assets;
pub mod error_page;
pub mod excerpt;
pub mod format;
pub mod frame;
pub mod indent;
pub mod marks;
pub mod respond;
pub mod viewer;
pub mod words;
