//! What came becomes what is written down: ComfyUI's words for a run become those of the store, secrets are replaced, and
//! the files that a run read and made are found in it. Touches no network and no disk.
//!
//! [`describe`] turns a run into a row, with [`inputs`], [`outputs`] and their [`keys`] for its files, and [`names`] for
//! what a text says of where a file is.

mod describe;
mod inputs;
mod keys;
pub mod names;
mod outputs;

pub use describe::Describer;
pub use outputs::is_surely_a_name;
