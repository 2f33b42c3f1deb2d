//! `verify`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{Shell, recorded};
use crate::support::comfyui::picture;

/// Where the bytes of an output lie.
fn blob(data: &Path, output: &Value) -> PathBuf {
    let digest = output["sha256"].as_str().unwrap();
    data.join("blobs").join(&digest[..2]).join(&digest[2..])
}

/// Makes a file look as if it lay there for long.
fn age(path: &Path) {
    let long_ago = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
}

#[tokio::test]
async fn what_is_sound_is_said_so_beside_a_daemon_and_without_one() {
    let (_comfy, mut daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let said = shell.done(&["verify"]);
    assert!(said.starts_with("records  sound: 6 runs\nfiles    sound: 5 files ("), "{said}");
    assert_eq!(shell.json(&["verify", "--json"])[0]["is_sound"], true);
    let refused = shell.refused(1, &["verify", "--repair"]);
    assert!(refused.contains("in use by another comfy-recall; end that one with comfy-recall stop"), "{refused}");
    daemon.terminate().await;
    let alone = shell.done(&["verify"]);
    assert_eq!(alone, said);
    assert_eq!(shell.done(&["verify", "--repair"]), said);
}

#[tokio::test]
async fn broken_files_are_found_set_aside_and_fetched_again() {
    let (comfy, mut daemon) = recorded().await;
    let data = daemon.data_dir().to_owned();
    let shell = Shell::on(&data);
    let output = async |id: usize| daemon.json(&format!("/api/v1/generations/{id}")).await["outputs"][0].clone();
    let (changed, cut, gone) = (output(1).await, output(2).await, output(3).await);
    let original = fs::read(blob(&data, &changed)).unwrap();
    let mut bytes = original.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(blob(&data, &changed), &bytes).unwrap();
    fs::write(blob(&data, &cut), &original[..9]).unwrap();
    fs::remove_file(blob(&data, &gone)).unwrap();
    let orphan = data.join("blobs/ab").join("c".repeat(62));
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    fs::write(&orphan, "nobody's").unwrap();
    assert!(!shell.run(&["verify"]).out.contains("orphans"), "a young file may be one that is being recorded");
    age(&orphan);
    fs::write(data.join("blobs/notes.txt"), "").unwrap();

    let said = shell.run(&["verify"]);
    assert_eq!(said.code, 1);
    assert!(
        said.error.contains("3 files are damaged; stop comfy-recall, run comfy-recall verify --repair"),
        "{said:?}"
    );
    for line in [
        "files    3 damaged of 5 files (",
        "the saved copy has changed since it was written\n    0.png of run 1\n",
        "the saved copy has 9 bytes instead of",
        "the saved copy is missing\n    2.png of run 3\n",
        "orphans  1 file of no run (8 B): harmless; --repair moves them aside",
        "others   1 file not from comfy-recall, such as ",
    ] {
        assert!(said.out.contains(line), "{line} in {}", said.out);
    }
    let output = shell.run(&["verify", "--json"]);
    let json: Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!((&json["is_sound"], json["broken"].as_array().unwrap().len()), (&Value::Bool(false), 3));

    daemon.terminate().await;
    let repaired = shell.done(&["verify", "--repair"]);
    assert!(repaired.contains("0.png of run 1, now to be copied again"), "{repaired}");
    let aside = data.join("broken").join(changed["sha256"].as_str().unwrap());
    assert_eq!(fs::read(aside).unwrap(), bytes, "nothing is deleted");
    assert_eq!(fs::read(data.join("orphans").join(format!("ab{}", "c".repeat(62)))).unwrap(), b"nobody's");
    let sound = shell.done(&["verify"]);
    assert!(sound.starts_with("records  sound: 6 runs\nfiles    sound: 2 files ("), "{sound}");
    assert_eq!(shell.done(&["list", "--format", "{files_state}", "--limit", "6"]), "\n\n\npending\npending\npending\n");

    daemon.start_again().await;
    daemon.until_all_whole(6).await;
    for (id, name) in [(1, "0.png"), (2, "1.png"), (3, "2.png")] {
        let detail = daemon.json(&format!("/api/v1/generations/{id}")).await;
        assert_eq!(daemon.file(&detail["outputs"][0]).await, picture(name));
        assert_eq!(detail["outputs"][0]["state"], "stored");
    }
    assert!(shell.done(&["verify"]).contains("files    sound: 5 files ("));
    drop(comfy);
}

#[tokio::test]
async fn file_of_a_comfyui_that_is_recorded_no_more_is_missing_with_its_reason() {
    let (_comfy, mut daemon) = recorded().await;
    let data = daemon.data_dir().to_owned();
    let output = daemon.json("/api/v1/generations/1").await["outputs"][0].clone();
    daemon.terminate().await;
    fs::write(blob(&data, &output), "x").unwrap();
    let shell = Shell::on(&data);
    let repair =
        shell.command(&["verify", "--repair"]).env("RECALL_COMFYUI", "other=http://127.0.0.1:1").output().unwrap();
    let said = String::from_utf8(repair.stdout).unwrap();
    assert!(repair.status.success() && said.contains("0.png of run 1, now missing"), "{said}");
    daemon.start_again().await;
    let detail = daemon.json("/api/v1/generations/1").await;
    assert_eq!((&detail["outputs"][0]["state"], &detail["cover"]), (&"missing".into(), &Value::Null));
    let reason = detail["outputs"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("has 1 bytes instead of") && reason.contains("found by verify"), "{reason}");
}

#[tokio::test]
async fn repair_that_was_broken_off_is_taken_up_by_the_next() {
    let (_comfy, mut daemon) = recorded().await;
    let data = daemon.data_dir().to_owned();
    let output = daemon.json("/api/v1/generations/1").await["outputs"][0].clone();
    daemon.terminate().await;
    // The copy was moved, and the rows were not told.
    fs::create_dir(data.join("broken")).unwrap();
    fs::rename(blob(&data, &output), data.join("broken").join(output["sha256"].as_str().unwrap())).unwrap();
    let shell = Shell::on(&data);
    assert!(
        shell.done(&["verify", "--repair"]).contains("the saved copy is missing\n    0.png of run 1, now to be copied")
    );
    assert!(shell.done(&["verify"]).contains("files    sound: 4 files"));
}

#[tokio::test]
async fn damaged_records_are_told_and_left_alone() {
    let (_comfy, mut daemon) = recorded().await;
    let data = daemon.data_dir().to_owned();
    daemon.terminate().await;
    // An index that lost a row.
    let conn = rusqlite::Connection::open(data.join("recall.db")).unwrap();
    let root: i64 = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'generations_by_status'", [], |row| row.get(0))
        .unwrap();
    let size: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    drop(conn);
    let mut bytes = fs::read(data.join("recall.db")).unwrap();
    let page = usize::try_from((root - 1) * size).unwrap();
    // The number of its cells (file format, 1.6).
    bytes[page + 4] -= 1;
    fs::write(data.join("recall.db"), &bytes).unwrap();
    let shell = Shell::on(&data);
    let said = shell.run(&["verify"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("records  damaged") && said.out.contains("generations_by_status"), "{said:?}");
    assert!(said.error.contains("stop comfy-recall and restore a backup"), "{said:?}");
}
