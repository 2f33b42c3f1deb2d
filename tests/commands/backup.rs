//! `backup`, and starting on one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Shell, recorded};
use crate::support::comfyui::{ComfyUi, File, Run, picture, picture_of};
use crate::support::daemon::{Launch, files_below};

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(folder)
        .into_iter()
        .map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

#[tokio::test]
async fn daemon_starts_on_a_backup_that_was_made_while_another_recorded() {
    let (comfy, daemon) = recorded().await;
    let to = Arc::new(tempfile::tempdir().unwrap());
    let shell = Shell::on(daemon.data_dir());
    let backup = ["backup", to.path().to_str().unwrap()];
    let said = shell.done(&backup);
    assert!(said.starts_with("backed up 6 runs to ") && said.contains(" 5 files copied ("), "{said}");
    assert_eq!(said.lines().count(), 1);
    let again = shell.done(&backup);
    assert!(again.contains(" 0 files copied (0 B), 5 already there"), "{again}");
    comfy.run(Run::from_browser("b").saving(File::output("new.png", picture("new"))));
    daemon.until_all_whole(7).await;
    let more = shell.done(&backup);
    assert!(more.starts_with("backed up 7 runs") && more.contains(" 1 file copied ("), "{more}");

    let names: Vec<_> = contents(to.path()).into_keys().filter(|path| !path.starts_with("blobs")).collect();
    assert_eq!(names, [Path::new("recall.db"), Path::new("recall.lock")]);
    let vault = Shell::on(to.path());
    assert_eq!(vault.done(&["list"]), shell.done(&["list"]), "a backup can be looked at where it is");
    assert!(vault.done(&["verify"]).contains("files    sound: 6 files"));
    assert!(vault.done(&["list"]) == shell.done(&["list"]) && shell.done(&backup).contains("backed up 7 runs"));

    let away = ComfyUi::start().await;
    let expected = daemon.list("").await;
    let mut restored = Launch::on(&to).beside(&away).start().await;
    assert_eq!(restored.list("").await, expected);
    for run in &expected {
        let (one, other) = (daemon.detail(&run["id"]).await, restored.detail(&run["id"]).await);
        assert_eq!(one, other);
        for output in one["outputs"].as_array().unwrap() {
            assert_eq!(daemon.file(output).await, restored.file(output).await);
        }
    }
    restored.until("searches on it", async |daemon| (daemon.list("q=lighthouse").await.len() == 7).then_some(())).await;
    let in_use = shell.refused(1, &backup);
    assert!(in_use.contains("in use by another comfy-recall"), "{in_use}");
    restored.kill().await;
    // From now on it is a history of its own.
    let refused = shell.refused(1, &backup);
    assert!(refused.contains("holds a history that is in use, no backup; choose another folder"), "{refused}");
}

#[tokio::test]
async fn backup_that_is_broken_off_is_the_one_before_it() {
    let (comfy, daemon) = recorded().await;
    let to = tempfile::tempdir().unwrap();
    let shell = Shell::on(daemon.data_dir());
    let backup = ["backup", to.path().to_str().unwrap()];
    // Broken off on the first time: what it leaves is no history.
    fs::write(to.path().join("recall.db.part"), "half of it").unwrap();
    let vault = Shell::on(to.path());
    assert!(vault.refused(1, &["list"]).contains("nothing has been recorded in"));
    shell.done(&backup);
    let before = vault.done(&["list"]);

    comfy.run(Run::from_browser("b").saving(File::output("new.png", picture("new"))));
    daemon.until_all_whole(7).await;
    // A folder stands where the new file would go.
    let output = daemon.json("/api/v1/generations/7").await["outputs"][0].clone();
    let digest = output["sha256"].as_str().unwrap();
    let place = to.path().join("blobs").join(&digest[..2]).join(&digest[2..]);
    fs::create_dir_all(place.join("in the way")).unwrap();
    let refused = shell.refused(1, &backup);
    assert!(refused.contains("back up to "), "{refused}");
    assert_eq!(vault.done(&["list"]), before);
    assert!(vault.done(&["verify"]).contains("files    sound: 5 files"));
    fs::remove_dir_all(place).unwrap();
    assert!(shell.done(&backup).starts_with("backed up 7 runs"));
    assert!(!to.path().join("recall.db.part").exists());
}

#[tokio::test]
async fn file_that_is_broken_keeps_nothing_else_out_of_the_backup() {
    let (_comfy, daemon) = recorded().await;
    let output: Value = daemon.json("/api/v1/generations/1").await["outputs"][0].clone();
    let digest = output["sha256"].as_str().unwrap();
    fs::write(daemon.data_dir().join("blobs").join(&digest[..2]).join(&digest[2..]), "x").unwrap();
    let to = tempfile::tempdir().unwrap();
    let shell = Shell::on(daemon.data_dir());
    let said = shell.run(&["backup", to.path().to_str().unwrap()]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains(" 4 files copied (") && said.error.contains("see comfy-recall verify"), "{said:?}");
    assert!(said.error.contains(digest), "{said:?}");
    assert_eq!(Shell::on(to.path()).done(&["list"]).lines().count(), 6);
}

#[tokio::test]
async fn no_history_is_overwritten_by_a_backup() {
    let (_comfy, mut daemon) = recorded().await;
    let (_other_comfy, mut other) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let itself = shell.refused(2, &["backup", &format!("{}/.", daemon.data_dir().display())]);
    assert!(itself.contains("is the data folder itself"), "{itself}");
    other.terminate().await;
    let before = contents(other.data_dir());
    let refused = shell.refused(1, &["backup", other.data_dir().to_str().unwrap()]);
    assert!(refused.contains("no backup; choose another folder"), "{refused}");
    assert_eq!(contents(other.data_dir()), before);
    daemon.terminate().await;
    let to = tempfile::tempdir().unwrap();
    assert!(shell.done(&["backup", to.path().join("deep/er").to_str().unwrap()]).starts_with("backed up 6 runs"));
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn full_disk_is_told_and_makes_no_backup() {
    let (comfy, daemon) = recorded().await;
    comfy.run(Run::from_browser("b").saving(File::output("large.png", picture_of(500_000, 1))));
    daemon.until_all_whole(7).await;
    let to = tempfile::tempdir().unwrap();
    let shell = Shell::on(daemon.data_dir());
    let folder = to.path().to_str().unwrap();
    // Too small for the records, and for the files.
    let list = "; code=$?; ls \"$0\"; exit $code";
    for kilobytes in [64, 400] {
        let script = format!("mount -t tmpfs -o size={kilobytes}k tmpfs \"$0\" && \"$@\"{list}");
        let output =
            shell.through(&["unshare", "-Urm", "sh", "-c", &script], folder, &["backup", folder]).output().unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(1), "{out}{error}");
        assert!(error.contains("is full; free up space") && error.lines().count() == 1, "{error}");
        assert!(!out.lines().any(|name| name == "recall.db"), "{out}");
    }
}

#[test]
fn where_nothing_is_kept_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = Shell::on(folder.path()).refused(1, &["backup", folder.path().join("to").to_str().unwrap()]);
    assert!(nothing.contains("nothing has been recorded in"), "{nothing}");
    assert!(!folder.path().join("to").exists());
}
