//! The store as its callers see it, on real databases in folders of their own.

mod copies;
mod documents;
mod files;
mod indexing;
mod listing;
mod narrowing;
mod numbered;
mod opening;
mod readers;
mod reading;
mod saving;
mod standing;
mod tying;
mod upgrading;
mod writing;

use tempfile::TempDir;

use super::{History, NewAttachment, NewContent, Save, Store};
use crate::model::{
    Blob, Comfyui, Digest, Document, DocumentKind, FileRef, GenerationId, InstanceId, InstanceName, MediaKind,
    PromptId, Role, Status, Timestamp,
};
use crate::sqlite::plans;

/// A store in a folder that goes with it.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) instance: InstanceId,
    folder: TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let instance = store.instance(&InstanceName::default()).await.unwrap();
        Self { store, instance, folder }
    }

    async fn save(&self, runs: Vec<Save>) -> Vec<GenerationId> {
        self.store.save(self.instance, &Comfyui::default(), runs).await.unwrap()
    }

    pub(super) async fn save_one(&self, run: Save) -> GenerationId {
        self.save(vec![run]).await[0]
    }

    async fn reopen(self) -> Self {
        self.store.close().await.unwrap();
        let store = Store::open(self.folder.path()).unwrap();
        Self { store, ..self }
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

pub(super) fn run(prompt_id: &str, status: Status, created_at: i64) -> Save {
    Save::new(PromptId::from(prompt_id), status, at(created_at))
}

fn document(kind: DocumentKind, json: &str) -> Document {
    Document { kind, json: json.to_owned() }
}

fn file(folder: &str, filename: &str) -> FileRef {
    FileRef { folder: folder.to_owned(), subfolder: String::new(), filename: filename.to_owned() }
}

fn blob(seed: u8, kind: MediaKind) -> Blob {
    Blob { digest: Digest([seed; 32]), bytes: 1000 + u64::from(seed), kind, mime: "image/png".to_owned() }
}

fn output(node_id: Option<&str>, content: NewContent) -> NewAttachment {
    NewAttachment {
        role: Role::Output,
        node_id: node_id.map(str::to_owned),
        key: "images".to_owned(),
        kind: MediaKind::Image,
        content,
    }
}

/// An output of a kind, with its bytes.
fn made(kind: MediaKind, folder: &str, filename: &str, seed: u8) -> NewAttachment {
    NewAttachment { kind, ..output(Some("9"), NewContent::Stored(file(folder, filename), blob(seed, kind))) }
}

fn wanted(filename: &str) -> NewAttachment {
    output(Some("9"), NewContent::Wanted(file("output", filename)))
}

/// How SQLite means to answer a query.
pub(super) fn plan(query: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    plans::plan(&super::open::writer(folder.path(), &mut |_| {}).unwrap().conn, query)
}

/// Fails when a query reads a table that grows from end to end, or sorts what it read.
pub(super) fn assert_searches(query: &str) {
    plans::assert_is_search(query, plan(query));
}
