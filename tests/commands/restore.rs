//! An update of the records, its copy, and `restore`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use comfy_recall::store::Store;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use super::Shell;
use crate::support::DEADLINE;
use crate::support::comfyui::ComfyUi;
use crate::support::daemon::Launch;

pub const KEPT: &str = concat!("recall.db.before-", env!("CARGO_PKG_VERSION"));

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store").join(name)
}

/// A data folder with the database of an earlier version.
fn old() -> TempDir {
    let folder = TempDir::with_prefix("recall-").unwrap();
    fs::copy(fixture("recall-0002.db"), folder.path().join("recall.db")).unwrap();
    folder
}

fn schema(file: &Path) -> i64 {
    let conn = Connection::open(file).unwrap();
    let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok", "{}", file.display());
    conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// A data folder that a newer version wrote to, with what it kept of the older one.
pub async fn downgraded() -> TempDir {
    let folder = old();
    Store::open(folder.path()).unwrap().close().await.unwrap();
    let newer = "PRAGMA user_version = 99; UPDATE meta SET value = '7.1.0' WHERE key = 'written_by'";
    Connection::open(folder.path().join("recall.db")).unwrap().execute_batch(newer).unwrap();
    folder
}

#[tokio::test]
async fn an_update_is_told_with_the_name_of_the_copy_and_once() {
    let comfy = ComfyUi::start().await;
    let folder = Arc::new(old());
    let mut daemon = Launch::on(&folder).beside(&comfy).start().await;
    assert_eq!(daemon.list("").await.len(), 15);
    daemon.terminate().await;
    let log = daemon.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains(KEPT)).collect();
    assert!(told.len() == 1 && told[0].contains("15 runs are being upgraded"), "{log}");
    assert_eq!((schema(&folder.path().join(KEPT)), log.matches("upgraded").count()), (2, 2), "{log}");
    daemon.start_again().await;
    daemon.terminate().await;
    assert_eq!(daemon.log().matches(KEPT).count(), 1, "{}", daemon.log());
}

#[tokio::test]
async fn what_a_refused_downgrade_names_brings_the_records_back() {
    let folder = downgraded().await;
    let shell = Shell::on(folder.path());
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["list"], &["verify"], &["reindex"]] {
        let refused = shell.refused(1, arguments);
        assert!(refused.contains("newer comfy-recall (7.1.0, schema 99;"), "{refused}");
        assert!(refused.contains(&format!("go back to {KEPT}, kept before the update, with: comfy-recall restore")));
    }
    let refused = shell.refused(1, &["list"]);
    let command = refused.trim().split("with: comfy-recall ").nth(1).unwrap();
    let arguments: Vec<&str> = command.split(' ').collect();
    let said = shell.done(&arguments);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains(KEPT) && lines[0].ends_with(", with 15 runs"), "{said}");
    assert!(lines[1].ends_with("recall.db.from-7.1.0, with 15 runs") && lines[2].contains("still in blobs"), "{said}");
    assert_eq!(schema(&folder.path().join("recall.db")), 2);
    assert!(shell.refused(1, &["list"]).contains("start comfy-recall once"));
}

#[tokio::test]
async fn no_records_are_moved_under_a_running_daemon() {
    let comfy = ComfyUi::start().await;
    let folder = Arc::new(old());
    let mut daemon = Launch::on(&folder).beside(&comfy).start().await;
    let shell = Shell::on(folder.path());
    let refused = shell.refused(1, &["restore"]);
    assert!(refused.contains("in use by another comfy-recall; end that one with comfy-recall stop"), "{refused}");
    daemon.terminate().await;
    assert!(shell.refused(1, &["restore"]).contains("nothing to go back from; to put a copy in its place"));
    let nothing = TempDir::new().unwrap();
    let said = Shell::on(nothing.path()).refused(1, &["restore"]);
    assert!(said.contains("has no copy of recall.db"), "{said}");
}

#[tokio::test]
async fn an_update_that_is_killed_at_any_moment_has_lost_nothing() {
    let folder = old();
    let file = folder.path().join("recall.db");
    let conn = Connection::open(&file).unwrap();
    conn.execute_batch(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 120)
         INSERT INTO bases (kind, shape, is_shared, data) SELECT 0, n, 1, randomblob(1000000) FROM n",
    )
    .unwrap();
    conn.close().unwrap();
    let (kept, part) = (folder.path().join(KEPT), folder.path().join(format!("{KEPT}.part")));
    let seen = |path: &Path, least: u64| fs::metadata(path).is_ok_and(|found| found.len() >= least);
    // Early in the copy, late in it, and while the tables are changed.
    for moment in [0, 60_000_000, u64::MAX] {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--comfyui", "http://127.0.0.1:1"];
        let mut child = Shell::on(folder.path()).command(&arguments).spawn().unwrap();
        let mut ticks = interval(Duration::from_millis(1));
        let moment_comes = async {
            while !seen(&part, moment) && !seen(&kept, 0) {
                ticks.tick().await;
            }
        };
        timeout(DEADLINE, moment_comes).await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if kept.exists() {
            assert_eq!(schema(&kept), 2, "what has its name is whole");
            fs::remove_file(&kept).unwrap();
        }
    }
    let runs = |file: &Path| -> i64 {
        Connection::open(file).unwrap().query_row("SELECT count(*) FROM generations", [], |row| row.get(0)).unwrap()
    };
    assert!(schema(&file) >= 2 && runs(&file) == 15);
    Store::open(folder.path()).unwrap().close().await.unwrap();
    let new = TempDir::new().unwrap();
    Store::open(new.path()).unwrap().close().await.unwrap();
    let up_to_date = schema(&new.path().join("recall.db"));
    assert_eq!((schema(&file), runs(&file), part.exists()), (up_to_date, 15, false));
}

#[test]
#[ignore = "needs a Linux that lets its users have namespaces"]
fn without_room_for_a_copy_or_the_right_to_write_one_nothing_is_changed() {
    let full = r#"mount -t tmpfs -o size=2m tmpfs "$0""#;
    let sealed = r#"mount -t tmpfs -o size=90m tmpfs "$0""#;
    for (mount, after, expected) in [
        (full, "true", "is too full to keep a copy of recall.db before it is changed, which takes 3"),
        (sealed, r#"mount -o remount,ro "$0""#, "can't be written; give this user the right to"),
    ] {
        let folder = TempDir::new().unwrap();
        let old = fixture("recall-0002.db");
        let script = format!(
            r#"{mount} && cp "{old}" "$0/recall.db" && {after} && "$@"; code=$?; ls "$0"; cmp "{old}" "$0/recall.db" && exit $code"#,
            old = old.display()
        );
        let name = folder.path().to_str().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0"];
        let shell = Shell::on(folder.path());
        let output = shell.through(&["unshare", "-Urm", "sh", "-c", &script], name, &arguments).output().unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(1), "{out}{error}");
        assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
        assert!(!out.contains("before"), "{out}");
    }
}
