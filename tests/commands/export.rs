//! `export`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::{Shell, recorded};
use crate::support::comfyui::{ComfyUi, File, Run, picture, picture_of};
use crate::support::daemon::{Daemon, Launch, files_below};

/// Files by their paths below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files_below(folder).into_iter().map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn unzipped(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let entries = zip.len();
    let entry = |at| {
        let mut entry = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().to_owned(), bytes)
    };
    (0..entries).map(entry).collect()
}

/// A daemon that recorded files with names that nobody should be given.
async fn hostile() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let long = format!("{}.png", "é".repeat(100));
    let names = ["..", "CON.png", "a:b<c>.png", "a\0b.png", &long, ".hidden", "\u{202e}gnp.exe", "prompt.json"];
    let run = names.iter().fold(Run::from_browser("b"), |run, name| run.saving(File::output(name, picture(name))));
    // The same name twice, with other bytes; and in other letters.
    let same = |name: &str, text: &str| File { subfolder: text.to_owned(), ..File::output(name, picture(text)) };
    comfy.run(run.saving(same("Twice.png", "one")).saving(same("twice.png", "two")));
    daemon.until_all_whole(1).await;
    (comfy, daemon)
}

#[tokio::test]
async fn folder_and_archive_hold_the_same_as_the_page_gives() {
    let (_comfy, mut daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let place = |name: &str| to.path().join(name).to_str().unwrap().to_owned();
    let of_page = unzipped(daemon.get("/g/1/files.zip").await.bytes().await.unwrap().to_vec());
    assert_eq!(of_page.keys().collect::<Vec<_>>(), ["0.png", "generation.json", "prompt.json", "workflow.json"]);
    assert!(shell.done(&["export", "1", "--to", &place("one.zip")]).starts_with("exported 1 run to "));
    assert_eq!(unzipped(fs::read(place("one.zip")).unwrap()), of_page);
    daemon.terminate().await;
    let said = shell.done(&["export", "1", "--to", &place("one")]);
    assert!(said.contains("one: 4 files ("), "{said}");
    assert_eq!(files(&to.path().join("one/1")), of_page);

    let all = shell.done(&["export", "--query", "", "--to", &place("all")]);
    assert!(all.starts_with("exported 6 runs to ") && all.contains(": 23 files ("), "{all}");
    shell.done(&["export", "--status", "completed,failed", "--to", &place("all.zip")]);
    let zipped = unzipped(fs::read(place("all.zip")).unwrap());
    assert_eq!(zipped, files(&to.path().join("all")));
    assert!(zipped.contains_key("6/generation.json") && zipped.contains_key("5/4.png"));
    let failed =
        shell.done(&["export", "--query", "status:failed", "--until", "2999-01-01T00:00:00Z", "--to", &place("f")]);
    assert!(failed.starts_with("exported 1 run to ") && failed.contains(": 3 files ("), "{failed}");
    let made = fs::metadata(to.path().join("one/1/0.png")).unwrap().modified().unwrap();
    let finished = shell.json(&["show", "1", "--json"])[0]["finished_at"].as_str().unwrap().to_owned();
    assert_eq!(chrono::DateTime::<chrono::Utc>::from(made), finished.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
}

#[tokio::test]
async fn export_goes_on_where_it_was_broken_off() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let export = ["export", "--kind", "image", "--to", to.path().to_str().unwrap()];
    assert!(shell.done(&export).contains(": 20 files ("));
    let whole = files(to.path());
    // What a kill leaves: some files not there, one under the name of those that arrive.
    fs::remove_dir_all(to.path().join("2")).unwrap();
    fs::remove_file(to.path().join("3/2.png")).unwrap();
    fs::write(to.path().join("3/.2.png.comfy-recall-part"), "half of it").unwrap();
    let again = shell.done(&export);
    assert!(again.contains(": 5 files (") && again.contains("), 15 already there\n"), "{again}");
    assert_eq!(files(to.path()), whole);
    // Another time doesn't make it another file.
    fs::File::options()
        .write(true)
        .open(to.path().join("1/0.png"))
        .unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    assert!(shell.done(&export).contains(": 0 files (0 B), 20 already there\n"));
}

#[tokio::test]
async fn what_is_there_already_and_differs_is_never_touched_unasked() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let export = ["export", "1", "2", "--to", to.path().to_str().unwrap()];
    fs::create_dir_all(to.path().join("1")).unwrap();
    let same_length = vec![b'x'; picture("0.png").len()];
    fs::write(to.path().join("1/0.png"), &same_length).unwrap();
    fs::write(to.path().join("1/prompt.json"), "mine").unwrap();
    let said = shell.run(&export);
    assert_eq!(said.code, 1);
    assert!(said.error.contains("1/0.png and 1 more exists and differs, so it was left alone; --force"), "{said:?}");
    assert!(said.out.contains(": 6 files ("), "the rest is exported: {said:?}");
    assert_eq!(fs::read(to.path().join("1/0.png")).unwrap(), same_length);
    assert!(shell.done(&[&export[..], &["--force"]].concat()).contains(": 2 files ("));
    assert_eq!(fs::read(to.path().join("1/0.png")).unwrap(), picture("0.png"));
    let zip = to.path().join("a.ZIP");
    fs::write(&zip, "mine").unwrap();
    let refused = shell.refused(1, &["export", "1", "--to", zip.to_str().unwrap()]);
    assert!(refused.contains("a.ZIP already exists; choose another name"), "{refused}");
    assert_eq!(fs::read(&zip).unwrap(), b"mine");
}

#[tokio::test]
async fn hostile_names_stay_below_the_folder_and_apart() {
    let (_comfy, daemon) = hostile().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    shell.done(&["export", "1", "--to", to.path().join("files").to_str().unwrap()]);
    let names: Vec<_> = files(to.path()).into_keys().collect();
    let detail = daemon.json("/api/v1/generations/1").await;
    let kept = detail["outputs"].as_array().unwrap().iter().filter(|output| output["state"] == "stored").count();
    assert_eq!((names.len(), kept), (kept + 3, 8), "{names:?}");
    assert!(
        names.iter().all(|name| name.starts_with("files/1/") && !name.contains(|c: char| c.is_control())),
        "{names:?}"
    );
    for name in ["Twice.png", "twice (2).png", "prompt.json", "prompt (2).json"] {
        assert!(names.contains(&format!("files/1/{name}")), "{name} in {names:?}");
    }
    let zip = to.path().join("files.zip");
    shell.done(&["export", "1", "--to", zip.to_str().unwrap()]);
    let zipped: Vec<_> = unzipped(fs::read(zip).unwrap()).into_keys().map(|name| format!("files/1/{name}")).collect();
    assert_eq!(zipped, names);
}

#[tokio::test]
async fn broken_copy_keeps_nothing_else_back() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let output = daemon.json("/api/v1/generations/2").await["outputs"][0].clone();
    let digest = output["sha256"].as_str().unwrap();
    let blob = daemon.data_dir().join("blobs").join(&digest[..2]).join(&digest[2..]);
    for damage in [Some("cut"), None] {
        match damage {
            Some(bytes) => fs::write(&blob, bytes).unwrap(),
            None => fs::remove_file(&blob).unwrap(),
        }
        for name in ["folder", "file.zip"] {
            let place = to.path().join(format!("{}{name}", damage.unwrap_or("gone")));
            let said = shell.run(&["export", "1", "2", "--to", place.to_str().unwrap()]);
            assert_eq!(said.code, 1);
            assert!(said.out.starts_with("exported 2 runs") && said.error.contains("1.png"), "{said:?}");
            assert!(said.error.contains("the saved copy is damaged or missing; see comfy-recall verify"), "{said:?}");
        }
    }
    assert!(!to.path().join("cutfolder/2/1.png").exists() && to.path().join("cutfolder/1/0.png").exists());
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn full_disk_is_told_and_leaves_no_half_archive() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    comfy.run(Run::from_browser("b").saving(File::output("large.png", picture_of(500_000, 1))));
    daemon.until_all_whole(1).await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().to_str().unwrap();
    for name in ["a.zip", "files"] {
        let script = format!(
            "mount -t tmpfs -o size=400k tmpfs {folder} && \"$@\" --to {folder}/{name}; code=$?; find {folder} -type f; exit $code"
        );
        let output = shell.through(&["unshare", "-Urm", "sh", "-c", &script], "sh", &["export", "1"]).output().unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(1), "{out}{error}");
        assert!(error.contains("No space left on device") && error.lines().count() == 1, "{error}");
        assert!(!out.lines().any(|path| path.ends_with("a.zip") || path.ends_with("large.png")), "{out}");
    }
}

#[tokio::test]
async fn what_can_not_be_exported_says_what_to_do() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let place = to.path().join("to").to_str().unwrap().to_owned();
    assert!(shell.refused(1, &["export", "1", "99", "--to", &place]).contains("there is no run 99"));
    for (arguments, said) in [
        (
            &["export", "--to", &place][..],
            "comfy-recall: say which runs: comfy-recall export 128 --to fox.zip; see comfy-recall export --help",
        ),
        (&["export", "1", "--query", "fox", "--to", &place], "cannot be used with"),
        (&["export", "1"], "say where to, with --to: comfy-recall export 128 --to fox.zip"),
        (&["export", "--query", "modle:x", "--to", &place], "did you mean \"model:\"?"),
    ] {
        let refused = shell.refused(2, arguments);
        assert!(refused.contains(said), "{refused}");
    }
    assert!(!to.path().join("to").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_somebody_laid_where_an_export_writes_are_not_followed() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let victim = to.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    fs::create_dir_all(to.path().join("out/1")).unwrap();
    let planted = ["out/1/.workflow.json", "out/1/.0.png", "out/1/.generation.json", ".one.zip"];
    for name in planted {
        std::os::unix::fs::symlink(&victim, to.path().join(format!("{name}.comfy-recall-part"))).unwrap();
    }
    let place = |name: &str| to.path().join(name).to_str().unwrap().to_owned();
    assert!(shell.done(&["export", "1", "--to", &place("out")]).contains(": 4 files ("));
    shell.done(&["export", "1", "--to", &place("one.zip")]);
    assert_eq!(fs::read(&victim).unwrap(), b"mine");
    assert_eq!(unzipped(fs::read(place("one.zip")).unwrap()), files(&to.path().join("out/1")));

    fs::create_dir_all(to.path().join("elsewhere")).unwrap();
    fs::create_dir_all(to.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(to.path().join("elsewhere"), to.path().join("linked/1")).unwrap();
    let said = shell.refused(1, &["export", "1", "--to", &place("linked")]);
    assert!(said.contains("is a link, and export doesn't follow links"), "{said}");
    assert!(files(&to.path().join("elsewhere")).is_empty());
}
