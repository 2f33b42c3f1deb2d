//! Reading without the lock, beside the one who writes or alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::model::{Entry, Filter, List, Start, Term, Want};
use crate::store::Error;

fn refusal(folder: &Path) -> Error {
    History::open(folder).unwrap_err()
}

pub(super) async fn ids(store: &History, filter: Filter) -> Vec<i64> {
    let page = store.list(filter, Start::Newest, "200".parse().unwrap()).await.unwrap();
    page.items.iter().map(|run| run.id.0).collect()
}

pub(super) fn fox() -> Filter {
    Filter { want: Some(Want::Term(List::PromptWords, b"fox".to_vec())), ..Filter::default() }
}

/// Indexes all that wait as foxes.
pub(super) async fn index(f: &Fixture) {
    f.store.indexing().derive_again("1", false).await.unwrap();
    let waiting = f.store.indexing().unindexed(None, 1_000).await.unwrap();
    let term = || Term { list: List::PromptWords, bytes: b"fox".to_vec(), position: 0 };
    let entry = |run: &crate::store::Unindexed| {
        let run = &run.summary;
        Entry { created_at: run.created_at, id: run.id, terms: vec![term()] }
    };
    let entries = waiting.iter().map(entry).collect();
    f.store.indexing().index(entries, waiting.iter().map(|run| run.done(None)).collect()).await.unwrap();
}

/// The files of a folder with what is in them, but for what SQLite shares between processes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()));
    files.filter(|(name, bytes)| !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())).collect()
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_each_run_as_soon_as_it_is_saved() {
    let f = Fixture::new().await;
    let reader = History::open(f.folder.path()).unwrap();
    for n in 1..5 {
        f.save_one(run(&n.to_string(), Status::Completed, n)).await;
        index(&f).await;
        let expected: Vec<i64> = (1..=n).rev().collect();
        assert_eq!(ids(&reader, Filter::default()).await, expected);
        assert_eq!(ids(&reader, fox()).await, expected);
    }
    drop(reader);
    f.save_one(run("5", Status::Completed, 5)).await;
}

#[tokio::test]
async fn a_reader_alone_changes_nothing_and_keeps_nobody_out() {
    let f = Fixture::new().await;
    f.save((0..300).map(|n| run(&n.to_string(), Status::Completed, n)).collect()).await;
    index(&f).await;
    let Fixture { store, folder, .. } = f;
    store.close().await.unwrap();
    let before = contents(folder.path());
    let reader = History::open(folder.path()).unwrap();
    assert_eq!(ids(&reader, fox()).await.len(), 200);
    assert_eq!(contents(folder.path()), before);
    let writer = Store::open(folder.path()).unwrap();
    writer.close().await.unwrap();
    assert_eq!(ids(&reader, Filter::default()).await.len(), 200);
}

#[tokio::test]
async fn a_reader_sees_what_a_killed_writer_left_in_its_log() {
    let f = Fixture::new().await;
    f.save_one(run("1", Status::Completed, 1)).await;
    index(&f).await;
    // As a kill leaves them: never closed.
    let killed = tempfile::tempdir().unwrap();
    for name in ["recall.db", "recall.db-wal", "search.db", "search.db-wal"] {
        fs::copy(f.folder.path().join(name), killed.path().join(name)).unwrap();
    }
    let before = contents(killed.path());
    assert!(before.contains_key("recall.db-wal"));
    let reader = History::open(killed.path()).unwrap();
    assert_eq!(ids(&reader, fox()).await, [1]);
    assert_eq!(contents(killed.path()), before);
}

#[tokio::test]
async fn an_index_that_is_gone_broken_or_not_filled_is_told_and_left_alone() {
    let f = Fixture::new().await;
    f.save_one(run("1", Status::Completed, 1)).await;
    f.save_one(run("2", Status::Completed, 2)).await;
    let Fixture { store, folder, .. } = f;
    store.close().await.unwrap();
    let file = folder.path().join("search.db");
    let problem = async || {
        let reader = History::open(folder.path()).unwrap();
        assert_eq!(ids(&reader, Filter::default()).await, [2, 1], "the list needs no index");
        let found = reader.list(fox(), Start::Newest, "1".parse().unwrap()).await;
        found.unwrap_err().to_string()
    };
    let told = problem().await;
    assert!(told.contains("start comfy-recall"), "not filled: {told}");
    fs::write(&file, "not a database, ".repeat(999)).unwrap();
    problem().await;
    assert_eq!(fs::metadata(&file).unwrap().len(), 16 * 999);
    fs::remove_file(&file).unwrap();
    let told = problem().await;
    assert!(told.contains("search.db isn't complete"), "{told}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_folder_without_records_is_named_and_nothing_is_made_there() {
    let folder = tempfile::tempdir().unwrap();
    for place in [folder.path().to_owned(), folder.path().join("gone"), folder.path().join("a file/data")] {
        fs::write(folder.path().join("a file"), "").unwrap();
        let error = refusal(&place);
        assert!(matches!(&error, Error::Nothing { folder } if *folder == place), "{error}");
        assert!(error.to_string().contains("nothing has been recorded in") && error.to_string().contains("--data-dir"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // A daemon that is just beginning.
    fs::write(folder.path().join("recall.db"), "").unwrap();
    assert!(matches!(refusal(folder.path()), Error::Nothing { .. }));
}

#[tokio::test]
async fn a_database_of_another_version_or_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recall.db");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store/recall-0002.db");
    fs::copy(old, &file).unwrap();
    let before = contents(folder.path());
    let error = refusal(folder.path());
    assert!(
        error.to_string().contains("older comfy-recall (schema 2; this one has ")
            && error.to_string().contains("start comfy-recall once"),
        "{error}"
    );
    assert_eq!(contents(folder.path()), before);
    Store::open(folder.path()).unwrap().close().await.unwrap();
    History::open(folder.path()).unwrap();
    Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(refusal(folder.path()), Error::Newer { schema: 99, .. }));
    Connection::open(&file).unwrap().execute_batch("PRAGMA application_id = 7").unwrap();
    assert!(matches!(refusal(folder.path()), Error::Foreign { .. }));
    fs::write(&file, "not a database, ".repeat(999)).unwrap();
    assert!(matches!(refusal(folder.path()), Error::Corrupt { file: named, .. } if named == file));
}
