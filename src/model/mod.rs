//! The words every room shares. Knows no I/O, no SQL, no HTTP; everything here is plain data.

mod attachment;
mod base_path;
mod bytes;
mod event;
mod file_ref;
mod file_url;
mod gap;
mod generation;
mod health;
mod ids;
mod index;
mod query;
mod rest;
mod scope;
mod thumbnail;
mod time;
mod told;
mod trouble;
mod webhook;

#[cfg(test)]
pub mod testing;

pub use attachment::{Attachment, AttachmentState, Blob, Content, MediaKind, Role};
pub use base_path::{BasePath, ParseBasePathError};
pub use bytes::shown_bytes;
pub use event::Event;
pub use file_ref::{FileRef, Folder};
pub use file_url::{download_name, file_url, percent_encode};
pub use gap::{Gap, GapKind, GapTally};
pub use generation::{
    Comfyui, Cover, Detail, Document, DocumentKind, ErrorSummary, Outline, Status, StatusReason, Summary,
};
pub use health::{ConnectionState, Health, Size, Space, StorageHealth};
pub use ids::{Digest, GenerationId, InstanceId, InstanceName, ParseIdError, PromptId};
pub use index::{Counted, Entry, Facet, IndexProgress, List, Term, Want};
pub use query::{Cursor, Filter, Limit, Neighbours, Page, ParseQueryError, Start};
pub use rest::Rest;
pub use scope::{LEAST_TOKEN_CHARS, Scope};
pub use thumbnail::{MediaFacts, ThumbSize, Unmade};
pub use time::Timestamp;
pub use told::{Nth, Stretch, Told};
pub use trouble::{Cause, Trouble};
pub use webhook::{Delivery, Subscriber};
