//! What a person types wrong: each is told in one line what would be right, and nothing is made.

use std::fs;
use std::net::TcpListener;

use super::restore::{KEPT, downgraded};
use super::{Shell, recorded};
use crate::support::comfyui::ComfyUi;
use crate::support::daemon::Launch;

#[tokio::test]
async fn what_is_typed_wrong_about_a_history_is_told_with_what_would_be_right() {
    let (_comfy, daemon) = recorded().await;
    daemon.until("the index", async |daemon| (daemon.list("q=lighthouse").await.len() == 6).then_some(())).await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let place = to.path().join("new").to_str().unwrap().to_owned();
    let within = daemon.data_dir().join("sub/backup").to_str().unwrap().to_owned();
    for (code, arguments, said) in [
        (1, &["list", "--instance", "nope"][..], "no server is called nope; there is: default"),
        (1, &["export", "--instance", "nope", "--to", &place], "no server is called nope; there is: default"),
        (2, &["list", "\"open"], "QUERY \"\\\"open\": the quote isn't closed"),
        (2, &["export", "--query", "fox \"in the", "--to", &place], "the quote isn't closed"),
        (2, &["list", "--date", "tomorrow"], "not a date: use today, yesterday, 7d (the last 7 days), YYYY-MM-DD"),
        (2, &["list", "--from", "soon"], "or a day, which stands for its beginning: 2026-11-20, today, yesterday, 7d"),
        (2, &["show", "abc"], "abc isn't a run ID; see comfy-recall show --help"),
        (2, &["list", "--limit", "abc"], "abc isn't a number; see comfy-recall list --help"),
        (2, &["show"], "say which run: comfy-recall show 128; see comfy-recall show --help"),
        (2, &["token", "x", "--scope", "write"], "use read or full; see comfy-recall token --help"),
        (1, &["export", "--query", "lora:zzz", "--to", &place], "comfy-recall: nothing matches lora:zzz\n"),
        (1, &["export", "--query", "fox", "--status", "lost", "--to", &place], "nothing matches fox together with"),
        (1, &["export", "--date", "2001", "--to", &place], "nothing matches these options"),
        (2, &["backup", &within], "is inside the data folder; choose a folder outside it"),
        (2, &["list", "--format", "{x}"], "see comfy-recall list --help"),
    ] {
        let refused = shell.refused(code, arguments);
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0, "nothing was made");
    assert!(!daemon.data_dir().join("sub").exists());
    // Both of what was said right before, and what says the same by word.
    for days in ["today", "7d", "2w", "yesterday..today", "2020..", "2020-01-01.."] {
        assert_eq!(shell.done(&["list", "--date", days, "--all"]).lines().count(), 6, "{days}");
        assert_eq!(shell.done(&["list", &format!("date:{days}")]).lines().count(), 6, "{days}");
    }
    for query in ["today", "7d", "30d", "status:failed OR today"] {
        assert_eq!(shell.done(&["list", query]).lines().count(), 6, "{query}");
    }
    for query in ["yesterday", "-today", "\"today\"", "3d"] {
        assert_eq!(shell.done(&["list", "--", query]).lines().count(), 0, "{query}");
    }
    assert_eq!(shell.done(&["list", "--from", "today"]).lines().count(), 6);
    assert_eq!(shell.done(&["list", "--to", "today"]).lines().count(), 0);
}

#[tokio::test]
async fn archive_makes_the_folder_that_it_is_to_lie_in() {
    let (_comfy, daemon) = recorded().await;
    let to = tempfile::tempdir().unwrap();
    let place = to.path().join("new/dir/x.zip");
    Shell::on(daemon.data_dir()).done(&["export", "3", "--to", place.to_str().unwrap()]);
    assert!(place.is_file());
}

#[tokio::test]
async fn folder_of_a_backup_that_cannot_be_written_is_named_as_its() {
    let (_comfy, daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("file");
    fs::write(&file, "").unwrap();
    let said = shell.refused(1, &["backup", file.to_str().unwrap()]);
    assert!(said.contains(&format!("the backup folder {} isn't a folder", file.display())), "{said}");
    if cfg!(target_os = "linux") {
        let said = shell.refused(1, &["backup", "/proc/bk"]);
        assert!(said.contains("the backup folder /proc/bk can't be written to"), "{said}");
        assert!(!said.contains("--data-dir"), "{said}");
    }
}

#[tokio::test]
async fn copy_that_is_not_there_is_told_with_those_that_are() {
    let data = downgraded().await;
    let shell = Shell::on(data.path());
    let said = shell.refused(1, &["restore", "nofile"]);
    let there = format!("there is no nofile here or in {}; copies: {KEPT}", data.path().display());
    assert!(said.contains(&there), "{said}");
    // By its name alone, from wherever.
    shell.done(&["restore", KEPT]);
    let empty = tempfile::tempdir().unwrap();
    let said = Shell::on(empty.path()).refused(1, &["restore", "nofile"]);
    assert!(said.contains("there is no nofile here or in") && said.contains("there are no copies"), "{said}");
}

#[tokio::test]
async fn stranger_at_the_address_of_the_daemon_is_told_from_nobody() {
    let comfy = ComfyUi::start().await;
    let folder = tempfile::tempdir().unwrap();
    let shell = Shell::on(folder.path());
    let port = comfy.address().port();
    for listen in [comfy.address().to_string(), format!(":{port}"), port.to_string(), comfy.url()] {
        let said = shell.refused(1, &["health", "--listen", &listen]);
        assert!(said.contains(&format!("http://127.0.0.1:{port}/: something else answers there")), "{said}");
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = shell.refused(1, &["health", "--listen", &free.to_string()]);
    assert!(said.contains("nobody answers there; start comfy-recall"), "{said}");
}

#[tokio::test]
async fn comfyui_is_named_as_browsers_and_people_write_it() {
    let comfy = ComfyUi::start().await;
    let port = comfy.address().port();
    for address in [format!("127.0.0.1:{port}"), format!("{port}"), format!("gpu=localhost:{port}")] {
        let daemon = Launch::new().argument("--comfyui").argument(&address).start().await;
        daemon
            .until(&address, async |daemon| {
                let servers = daemon.json("/api/v1/instances").await;
                (servers["items"][0]["state"] == "connected").then_some(())
            })
            .await;
    }
}
