//! What a generation looks like outside: its JSON, and its files under names that people see. Reads the store and the
//! blobs; shared by the web, the command line and whoever else tells of a run, so that each tells the same.

mod archive;
mod bundle;
mod documents;
pub mod json;

pub use archive::{Added, Archive};
pub use bundle::{BundleEntry, ByteSource, Bytes, UsedNames, entries};
pub use documents::{Course, NodeSummary, Nodes, given, strict, texts};
