//! The index beside a database that isn't the one it was made from, and reads that failed.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, ffi};

use super::reading::{fox, ids, index};
use super::*;
use crate::store::Error;

const FILES: [&str; 3] = ["recall.db", "recall.db-wal", "recall.db-shm"];

async fn with_foxes(runs: i64) -> Fixture {
    let f = Fixture::new().await;
    add_foxes(&f, 1..=runs).await;
    f
}

async fn add_foxes(f: &Fixture, numbers: impl Iterator<Item = i64>) {
    f.save(numbers.map(|n| run(&format!("fox {n}"), Status::Completed, n)).collect()).await;
    index(f).await;
}

async fn found(f: &Fixture) -> u64 {
    f.store.count(fox()).await.unwrap()
}

async fn open(folder: TempDir) -> Fixture {
    let store = Store::open(folder.path()).unwrap();
    let instance = store.instance(&InstanceName::default()).await.unwrap();
    Fixture { store, instance, folder }
}

async fn close(f: Fixture) -> TempDir {
    f.store.close().await.unwrap();
    f.folder
}

/// Puts a copy in the place of the database, as by hand.
fn put(copy: &Path, folder: &Path) {
    FILES.iter().for_each(|name| drop(fs::remove_file(folder.join(name))));
    fs::copy(copy, folder.join("recall.db")).unwrap();
}

#[tokio::test]
async fn an_index_stays_as_it_is_over_restarts() {
    let mut f = with_foxes(3).await;
    for runs in 4..7 {
        f = f.reopen().await;
        assert_eq!(found(&f).await, u64::try_from(runs - 1).unwrap());
        assert!(!f.store.indexing().derive_again("1", false).await.unwrap());
        add_foxes(&f, runs..=runs).await;
    }
}

#[tokio::test]
async fn the_index_of_another_history_is_made_anew() {
    let folder = close(with_foxes(5).await).await;
    FILES.iter().for_each(|name| drop(fs::remove_file(folder.path().join(name))));
    let f = open(folder).await;
    assert_eq!(found(&f).await, 0);
    f.save_one(run("another", Status::Completed, 1)).await;
    assert!(f.store.indexing().derive_again("1", false).await.unwrap());
    assert_eq!(ids(&f.store, fox()).await, [0; 0]);
    let other = Fixture::new().await;
    add_foxes(&other, 1..=1).await;
    let other = close(other).await;
    let folder = close(f).await;
    fs::copy(other.path().join("search.db"), folder.path().join("search.db")).unwrap();
    assert_eq!(found(&open(folder).await).await, 0);
}

#[tokio::test]
async fn an_index_that_went_on_after_the_copy_in_the_place_of_its_database_is_made_anew() {
    let copies = tempfile::tempdir().unwrap();
    let [stopped, running] = ["stopped", "running"].map(|name| copies.path().join(name));
    let folder = close(with_foxes(3).await).await;
    fs::copy(folder.path().join("recall.db"), &stopped).unwrap();
    let f = open(folder).await;
    add_foxes(&f, 4..=4).await;
    let conn = Connection::open(f.folder.path().join("recall.db")).unwrap();
    conn.execute("VACUUM INTO ?1", [running.to_str().unwrap()]).unwrap();
    drop(conn);
    add_foxes(&f, 5..=5).await;
    let mut folder = close(f).await;
    let search = fs::read(folder.path().join("search.db")).unwrap();
    for copy in [&stopped, &running] {
        put(copy, folder.path());
        fs::write(folder.path().join("search.db"), &search).unwrap();
        let reader = History::open(folder.path()).unwrap();
        assert!(matches!(reader.count(fox()).await, Err(Error::NoIndex)));
        drop(reader);
        let f = open(folder).await;
        assert_eq!(found(&f).await, 0, "{}", copy.display());
        assert!(f.store.indexing().derive_again("1", false).await.unwrap());
        folder = close(f).await;
    }
}

#[tokio::test]
async fn an_index_that_is_older_than_its_database_is_made_anew() {
    let folder = close(with_foxes(3).await).await;
    let search = fs::read(folder.path().join("search.db")).unwrap();
    let f = open(folder).await;
    add_foxes(&f, 4..=4).await;
    let folder = close(f).await;
    fs::write(folder.path().join("search.db"), &search).unwrap();
    assert_eq!(found(&open(folder).await).await, 0);
}

#[tokio::test]
async fn an_index_that_was_killed_one_step_ahead_is_kept() {
    let f = with_foxes(3).await;
    let killed = tempfile::tempdir().unwrap();
    for name in ["recall.db", "recall.db-wal"] {
        fs::copy(f.folder.path().join(name), killed.path().join(name)).unwrap();
    }
    f.store.index.add(Vec::new()).await.unwrap();
    for name in ["search.db", "search.db-wal"] {
        fs::copy(f.folder.path().join(name), killed.path().join(name)).unwrap();
    }
    assert_eq!(found(&open(killed).await).await, 3);
}

fn called_damaged() -> Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None).into()
}

#[tokio::test]
async fn one_read_that_fails_is_waited_for_and_not_called_damage() {
    let f = with_foxes(3).await;
    let file = f.folder.path().join("recall.db");
    let read = f.store.readers.read(|_| -> Result<(), Error> { Err(called_damaged()) }).await.unwrap_err();
    let written = f.store.writer.write(|_| -> Result<(), Error> { Err(called_damaged()) }).await.unwrap_err();
    for error in [read, written] {
        assert!(error.is_transient() && !error.is_damage(), "{error}");
        assert!(matches!(&error, Error::Io { file: named, .. } if *named == file), "{error:?}");
    }
    assert_eq!(f.store.count(Default::default()).await.unwrap(), 3);
    assert_eq!(found(&f).await, 3, "and the index is what it was");
}

#[tokio::test]
async fn a_database_that_is_damaged_while_it_is_in_use_is_called_so() {
    let f = Fixture::new().await;
    f.save((0..2_000).map(|i| run(&format!("prompt {i}"), Status::Completed, i)).collect()).await;
    let folder = close(f).await;
    let f = open(folder).await;
    let file = f.folder.path().join("recall.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    // In place, as a disk does: the file stays the one that is open.
    std::io::Write::write_all(&mut fs::File::options().write(true).open(&file).unwrap(), &bytes).unwrap();
    let limit = "200".parse().unwrap();
    let error = f.store.list(Default::default(), crate::model::Start::Newest, limit).await.unwrap_err();
    assert!(matches!(&error, Error::Corrupt { file: named, .. } if *named == file), "{error:?}");
}
