//! What scripts speak already: ComfyUI's own history, files, jobs and queue, and the contract of the history plugin,
//! answered from the permanent record. Keys, their order and their blanks are ComfyUI's; docs/compatible.md says where an
//! answer differs, and why.

pub mod artifacts;
mod ask;
mod entry;
pub mod history;
pub mod jobs;
mod outputs;
pub mod queue;
mod read_only;
mod stream;
pub mod view;
mod write;

pub use read_only::read_only;
