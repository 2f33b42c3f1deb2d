use std::fs;
use std::time::Duration;

use rusqlite::Connection;

use super::*;
use crate::store::{Error, asked_to_stop, stop};

fn refusal(folder: &std::path::Path) -> Error {
    Store::open(folder).unwrap_err()
}

#[tokio::test]
async fn a_second_daemon_is_refused_until_the_first_closes() {
    let f = Fixture::new().await;
    let error = refusal(f.folder.path());
    assert!(matches!(error, Error::InUse { .. }));
    let command = format!("end that one with comfy-recall stop --data-dir {}, or", f.folder.path().display());
    assert!(error.to_string().contains(&command), "{error}");
    let held = f.store.clone();
    f.store.close().await.unwrap();
    Store::open(f.folder.path()).unwrap();
    assert!(matches!(held.instances().await, Err(Error::Closed)));
    assert!(matches!(held.instance(&InstanceName::default()).await, Err(Error::Closed)));
    held.close().await.unwrap();
}

#[tokio::test]
async fn closing_leaves_nothing_in_the_log_and_the_log_where_it_is() {
    let f = Fixture::new().await;
    f.save_one(run("p", Status::Pending, 0)).await;
    let Fixture { store, folder, .. } = f;
    store.close().await.unwrap();
    assert_eq!(fs::metadata(folder.path().join("recall.db-wal")).unwrap().len(), 0);
    // A start on a disk without room or inode couldn't make it.
    assert!(folder.path().join("recall.db-shm").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let error = refusal(&file.join("data"));
    assert!(matches!(error, Error::NotAFolder { .. }));
    assert!(error.to_string().contains("--data-dir"), "{error}");
    assert!(matches!(refusal(&file), Error::NotAFolder { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_folder_and_its_database_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/data");
    let store = Store::open(&folder).unwrap();
    store.instance(&InstanceName::default()).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["recall.db", "recall.db-wal", "recall.lock"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let f = Fixture::new().await;
    let Fixture { store, folder, .. } = f;
    store.close().await.unwrap();
    let conn = Connection::open(folder.path().join("recall.db")).unwrap();
    conn.execute_batch("PRAGMA user_version = 99; UPDATE meta SET value = '7.1.0' WHERE key = 'written_by'").unwrap();
    conn.close().unwrap();
    let before = fs::read(folder.path().join("recall.db")).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, Error::Newer { schema: 99, .. }));
    let known = crate::store::schema::SCHEMA;
    let expected = format!("newer comfy-recall (7.1.0, schema 99; this one knows {known}); update");
    assert!(error.to_string().contains(&expected), "{error}");
    assert_eq!(fs::read(folder.path().join("recall.db")).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recall.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(refusal(folder.path()), Error::Foreign { .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_damaged_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recall.db");
    fs::write(&file, "not a database, ".repeat(999)).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(&error, Error::Corrupt { file: named, .. } if *named == file));
    assert!(error.to_string().contains("restore a backup"), "{error}");
    assert_eq!(fs::metadata(&file).unwrap().len(), 16 * 999);
}

#[tokio::test]
async fn a_database_that_was_cut_off_is_damaged() {
    let f = Fixture::new().await;
    f.save((0..2_000).map(|i| run(&format!("prompt {i}"), Status::Completed, i)).collect()).await;
    let Fixture { store, folder, .. } = f;
    store.close().await.unwrap();
    let file = folder.path().join("recall.db");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(&error, Error::Cut { file: named, .. } if *named == file) && error.is_damage(), "{error:?}");
    assert!(error.to_string().contains("restore a backup with comfy-recall restore"), "{error}");
    assert_eq!(fs::metadata(&file).unwrap().len(), whole.len() as u64 / 2, "it is left alone");
    for from in [whole.len() / 2, whole.len() - 4096] {
        let mut bytes = whole.clone();
        bytes[from..].fill(0);
        fs::write(&file, bytes).unwrap();
        let error = refusal(folder.path());
        assert!(matches!(&error, Error::Corrupt { file: named, .. } if *named == file), "{from}: {error:?}");
    }
    fs::write(&file, whole).unwrap();
    Store::open(folder.path()).unwrap();
}

#[test]
fn the_number_of_the_schema_is_that_of_the_migrations() {
    let folder = tempfile::tempdir().unwrap();
    let conn = crate::store::open::writer(folder.path(), &mut |_| {}).unwrap().conn;
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, crate::store::schema::SCHEMA);
    let broken: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(broken, "ok");
}

#[tokio::test(start_paused = true)]
async fn what_was_left_by_who_asked_another_daemon_stops_none() {
    let folder = tempfile::tempdir().unwrap();
    let request = folder.path().join("recall.stop");
    fs::write(&request, "").unwrap();
    let asked = asked_to_stop(folder.path());
    let mut asked = std::pin::pin!(asked);
    tokio::time::timeout(Duration::from_secs(60), &mut asked).await.unwrap_err();
    fs::write(&request, "").unwrap();
    asked.await;
    assert!(!request.exists());
}

#[tokio::test]
async fn who_uses_the_folder_and_does_not_end_is_told_of_in_time() {
    let f = Fixture::new().await;
    let error = stop(f.folder.path(), Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::DoesNotStop { .. }), "{error}");
    assert!(!f.folder.path().join("recall.stop").exists());
    f.store.close().await.unwrap();
    assert!(!stop(f.folder.path(), Duration::ZERO).await.unwrap());
}
