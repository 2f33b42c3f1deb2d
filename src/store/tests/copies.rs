//! What is kept of a database before an update changes it, and going back to it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::*;
use crate::store::{Error, Restored, Upgrade, restore};

const KEPT: &str = concat!("recall.db.before-", env!("CARGO_PKG_VERSION"));

/// A data folder with the database of an earlier version.
fn old(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store").join(name);
    fs::copy(old, folder.path().join("recall.db")).unwrap();
    folder
}

fn schema(file: &Path) -> i64 {
    let conn = Connection::open(file).unwrap();
    let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// All rows of a table, as text.
fn rows(file: &Path, table: &str) -> Vec<String> {
    let conn = Connection::open(file).unwrap();
    let mut statement = conn.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?))).collect::<Result<String, _>>()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("recall.db.")).collect();
    names.sort();
    names
}

/// A newer version was here: it changed the tables and wrote on, and its log is still there.
fn as_if_newer(folder: &Path) -> Connection {
    let conn = Connection::open(folder.join("recall.db")).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
         CREATE TABLE newer (text); PRAGMA user_version = 99;
         UPDATE meta SET value = '7.1.0' WHERE key = 'written_by'",
    )
    .unwrap();
    conn
}

#[tokio::test]
async fn an_update_keeps_the_database_as_it_was_in_one_file() {
    for (name, number) in [("recall-0001.db", 1), ("recall-0002.db", 2)] {
        let folder = old(name);
        let before = rows(&folder.path().join("recall.db"), "generations");
        let mut told = Vec::new();
        let store = Store::open_and_tell(folder.path(), |upgrade| told.push(upgrade)).unwrap();
        store.close().await.unwrap();
        let kept = folder.path().join(KEPT);
        assert_eq!(copies(folder.path()), [KEPT]);
        assert_eq!((schema(&kept), rows(&kept, "generations")), (number, before));
        assert_eq!(copies(folder.path()), [KEPT], "it can be read where it lies, and nothing is put beside it");
        let bytes = fs::metadata(&kept).unwrap().len();
        assert!(matches!(told[0], Upgrade::Copying { done: 0, bytes: all } if all == bytes), "{told:?}");
        let [.., migrating, done] = &told[..] else { panic!("{told:?}") };
        assert_eq!((migrating, done), (&Upgrade::Migrating { kept, runs: 15 }, &Upgrade::Done));

        let mut told = Vec::new();
        Store::open_and_tell(folder.path(), |upgrade| told.push(upgrade)).unwrap().close().await.unwrap();
        assert_eq!((told, copies(folder.path())), (vec![], vec![KEPT.to_owned()]), "once");
    }
}

#[test]
fn a_new_database_is_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    Store::open_and_tell(folder.path(), |upgrade| told.push(upgrade)).unwrap();
    assert_eq!((told, copies(folder.path())), (vec![], vec![]));
}

#[test]
fn what_a_crash_left_in_the_log_is_in_the_copy_too() {
    let folder = old("recall-0002.db");
    let file = folder.path().join("recall.db");
    let conn = Connection::open(&file).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE generations SET number = 4711",
    )
    .unwrap();
    // A reader that stays keeps the log from being put back: the copy is made of both.
    let reader = Connection::open(&file).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM generations").unwrap();
    conn.execute_batch("UPDATE generations SET number = 4712").unwrap();
    let crashed = tempfile::tempdir().unwrap();
    for name in ["recall.db", "recall.db-wal"] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    for folder in [folder.path(), crashed.path()] {
        Store::open(folder).unwrap();
        let kept = folder.join(KEPT);
        assert!(rows(&kept, "generations").iter().all(|row| row.contains("4712.0")));
        assert_eq!((schema(&kept), copies(folder)), (2, vec![KEPT.to_owned()]));
    }
}

#[test]
fn a_copy_that_was_broken_off_is_none_and_is_made_anew() {
    let folder = old("recall-0001.db");
    let part = folder.path().join(format!("{KEPT}.part"));
    fs::write(&part, "half of it").unwrap();
    fs::write(folder.path().join(format!("{KEPT}.part-journal")), "and its journal").unwrap();
    let conn = as_if_newer(folder.path());
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(&error, Error::Newer { copy: None, .. }), "{error}");
    assert!(matches!(restore(folder.path(), None), Err(Error::NoCopy { .. })));
    drop(conn);

    let folder = old("recall-0001.db");
    fs::write(folder.path().join(format!("{KEPT}.part")), "half of it").unwrap();
    Store::open(folder.path()).unwrap();
    assert_eq!((copies(folder.path()), schema(&folder.path().join(KEPT))), (vec![KEPT.to_owned()], 1));
}

#[test]
fn a_copy_that_cannot_be_made_changes_nothing() {
    let folder = old("recall-0001.db");
    let file = folder.path().join("recall.db");
    let before = fs::read(&file).unwrap();
    // A folder stands where the copy would go.
    fs::create_dir_all(folder.path().join(KEPT).join("in the way")).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(&error, Error::NotKept { .. }), "{error}");
    assert!(error.to_string().ends_with("before it is changed; nothing was changed"), "{error}");
    assert_eq!((fs::read(&file).unwrap(), copies(folder.path())), (before, vec![KEPT.to_owned()]));
    fs::remove_dir_all(folder.path().join(KEPT)).unwrap();
    Store::open(folder.path()).unwrap();
    assert_eq!(schema(&folder.path().join(KEPT)), 1);
}

#[test]
fn the_last_three_copies_are_kept() {
    let folder = old("recall-0001.db");
    let at = |days: u64| std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400);
    for (days, version) in (1..).zip(["0.0.1", "0.0.3", "0.0.2", "0.0.4"]) {
        let path = folder.path().join(format!("recall.db.before-{version}"));
        fs::copy(folder.path().join("recall.db"), &path).unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(at(days)).unwrap();
    }
    Store::open(folder.path()).unwrap();
    assert_eq!(copies(folder.path()), ["recall.db.before-0.0.2", "recall.db.before-0.0.4", KEPT]);
}

#[tokio::test]
async fn a_downgrade_touches_nothing_and_says_how_to_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("my data");
    fs::create_dir(&data).unwrap();
    let old = old("recall-0001.db");
    fs::rename(old.path().join("recall.db"), data.join("recall.db")).unwrap();
    Store::open(&data).unwrap().close().await.unwrap();
    let conn = as_if_newer(&data);
    // A copy that only a newer one can read is none for this one.
    let of_newer = data.join("recall.db.before-8.0.0");
    fs::copy(data.join(KEPT), &of_newer).unwrap();
    Connection::open(&of_newer).unwrap().execute_batch("PRAGMA user_version = 98").unwrap();
    let contents = || -> Vec<(PathBuf, Vec<u8>)> {
        let names = ["recall.db", "recall.db-wal", KEPT];
        names.iter().map(|name| (data.join(name), fs::read(data.join(name)).unwrap())).collect()
    };
    let before = contents();
    let error = Store::open(&data).unwrap_err().to_string();
    let command = format!("with: comfy-recall restore --data-dir '{}'", data.display());
    let known = crate::store::schema::SCHEMA;
    assert!(error.contains(&format!("newer comfy-recall (7.1.0, schema 99; this one knows {known})")), "{error}");
    assert!(
        error.contains(&format!("go back to {KEPT}, kept before the update")) && error.ends_with(&command),
        "{error}"
    );
    assert!(contents() == before, "nothing was touched");
    assert_eq!(History::open(&data).unwrap_err().to_string(), error);
    drop(conn);
}

#[tokio::test]
async fn what_was_kept_takes_the_place_of_a_newer_database_which_is_kept_too() {
    let folder = old("recall-0002.db");
    let before = rows(&folder.path().join("recall.db"), "generations");
    Store::open(folder.path()).unwrap().close().await.unwrap();
    let conn = as_if_newer(folder.path());
    conn.execute_batch("DELETE FROM gaps").unwrap();
    drop(conn);
    fs::write(folder.path().join("search.db"), "of other runs").unwrap();
    let Restored { copy, runs, aside } = restore(folder.path(), None).unwrap();
    assert_eq!((copy.file, copy.schema, runs), (folder.path().join(KEPT), 2, 15));
    let aside = aside.unwrap();
    assert_eq!(aside, (folder.path().join("recall.db.from-7.1.0"), Some(15)));
    assert_eq!((schema(&aside.0), rows(&aside.0, "newer")), (99, vec![]));
    let file = folder.path().join("recall.db");
    assert_eq!((schema(&file), rows(&file, "generations")), (2, before));
    assert!(!folder.path().join("search.db").exists() && folder.path().join(KEPT).exists());
    // It may go back and forth.
    Store::open(folder.path()).unwrap().close().await.unwrap();
    drop(as_if_newer(folder.path()));
    assert_eq!(restore(folder.path(), None).unwrap().aside.unwrap().0, folder.path().join("recall.db.from-7.1.0-2"));
    let forth = restore(folder.path(), Some(&aside.0));
    assert!(matches!(forth, Err(Error::Foreign { .. })), "this version can't read it");
}

#[tokio::test]
async fn going_back_is_refused_where_it_is_not_needed_or_not_safe() {
    let folder = old("recall-0002.db");
    let nothing = folder.path().join("nothing");
    assert!(matches!(restore(&nothing, None), Err(Error::Nothing { .. })));
    assert!(!nothing.exists());
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(restore(folder.path(), None), Err(Error::InUse { .. })));
    store.close().await.unwrap();
    let file = folder.path().join("recall.db");
    let before = rows(&file, "meta");
    let error = restore(folder.path(), None).unwrap_err();
    assert!(matches!(&error, Error::NotNewer { .. }), "{error}");
    assert!(
        error.to_string().contains(&format!("name it: comfy-recall restore {}", folder.path().join(KEPT).display()))
    );

    let broken = folder.path().join("broken.db");
    let mut bytes = fs::read(folder.path().join(KEPT)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(&broken, bytes).unwrap();
    fs::write(folder.path().join("text"), "not a database, ".repeat(999)).unwrap();
    for name in ["broken.db", "text", "missing"] {
        assert!(restore(folder.path(), Some(&folder.path().join(name))).is_err(), "{name}");
    }
    assert_eq!((rows(&file, "meta"), copies(folder.path())), (before, vec![KEPT.to_owned()]));
    let named = restore(folder.path(), Some(&folder.path().join(KEPT))).unwrap();
    assert_eq!((named.runs, schema(&file)), (15, 2));
}

#[tokio::test]
async fn what_is_kept_also_takes_the_place_of_what_is_damaged_or_gone() {
    let folder = old("recall-0002.db");
    let file = folder.path().join("recall.db");
    Store::open(folder.path()).unwrap().close().await.unwrap();
    let kept = folder.path().join(KEPT);
    for is_gone in [false, true] {
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("recall.db{ending}")));
        }
        if !is_gone {
            fs::write(&file, "not a database, ".repeat(999)).unwrap();
            fs::write(folder.path().join("recall.db-wal"), "nor a log").unwrap();
        }
        let restored = restore(folder.path(), None).unwrap();
        assert_eq!((restored.copy.file, schema(&file)), (kept.clone(), 2));
        assert_eq!(restored.aside.is_none(), is_gone);
        if let Some((aside, runs)) = restored.aside {
            assert_eq!((fs::metadata(aside).unwrap().len(), runs), (16 * 999, None));
        }
    }
}
