//! What strangers' code lays into ComfyUI's folders, on a disk that we share.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::support::comfyui::{ComfyUi, File, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch, files_below};
use crate::support::sha256;

async fn pair() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    (comfy, daemon)
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Names a file among its outputs that is there by other means, if at all.
fn naming(run: Run, filename: &str) -> Run {
    run.giving("9", "images", &File::output(filename, "").item())
}

/// Waits until the daemon took these bytes, whosever they are.
async fn until_taken(daemon: &Daemon, bytes: &[u8]) {
    let digest = sha256(bytes);
    let path = daemon.data_dir().join("blobs").join(&digest[..2]).join(&digest[2..]);
    daemon.until("a file to be taken", async |_| path.exists().then_some(())).await;
}

fn state<'d>(detail: &'d serde_json::Value, filename: &str) -> &'d str {
    let outputs = detail["outputs"].as_array().unwrap();
    outputs.iter().find(|output| output["filename"] == filename).unwrap()["state"].as_str().unwrap()
}

#[tokio::test]
async fn pipes_sockets_and_links_to_devices_stop_neither_watcher_nor_fetching_nor_the_end() {
    let (comfy, mut daemon) = pair().await;
    let (root, output) = (comfy.folder(), comfy.folder().join("output"));
    pipe(&root.join("pipe"));
    fs::rename(root.join("pipe"), output.join("moved.png")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(output.join("socket.png")).unwrap();
    let mut run = Run::from_browser("b");
    for name in ["one.png", "two.png", "three.png", "four.png"] {
        pipe(&output.join(name));
        run = naming(run, name);
    }
    for (name, to) in [("zero.png", "/dev/zero"), ("tty.png", "/dev/tty")] {
        symlink(to, output.join(name)).unwrap();
        run = naming(run, name);
    }
    fs::create_dir(output.join("folder.png")).unwrap();
    let strange = comfy.run(naming(naming(run, "folder.png"), "socket.png"));
    comfy.put(File::output("watched.png", picture("watched")));
    until_taken(&daemon, &picture("watched")).await;
    let honest = comfy.run(Run::from_browser("b").saving(File::output("late.png", picture("late"))));
    assert_eq!(state(&daemon.until_whole(&honest, "completed").await, "late.png"), "stored");
    let strange = daemon.until_whole(&strange, "completed").await;
    for name in ["one.png", "four.png", "zero.png", "folder.png", "socket.png"] {
        assert_eq!(state(&strange, name), "missing", "{name}");
    }
    assert!(daemon.terminate().await.success(), "nothing holds a thread");
}

#[tokio::test]
async fn a_link_that_is_exchanged_with_a_file_gives_nothing_away() {
    let (comfy, daemon) = pair().await;
    let (secret, output) = (comfy.folder().join("secret.txt"), comfy.folder().join("output"));
    fs::write(&secret, "the daemon may read this, and nobody else").unwrap();
    fs::create_dir(output.join("sub")).unwrap();
    for folder in [&output, &output.join("sub")] {
        fs::write(folder.join("secret.txt"), "honest").unwrap();
    }
    symlink(&secret, output.join("swap")).unwrap();
    symlink(comfy.folder(), output.join("swap-folder")).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let exchanging = std::thread::spawn({
        let (output, is_over) = (output.clone(), Arc::clone(&is_over));
        move || {
            while !is_over.load(Ordering::Relaxed) {
                for (one, other) in [("secret.txt", "swap"), ("sub", "swap-folder")] {
                    let [one, other] = [one, other].map(|name| output.join(name));
                    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
                }
            }
        }
    });
    // A stand-in that hands out what is behind a link, as ComfyUI does not.
    comfy.fail(Route::View, crate::support::comfyui::Fault::Status(404));
    for seed in 0..40 {
        let below = File::output("secret.txt", "").below("sub").item();
        let run = naming(Run::from_browser("b").with_seed(seed), "secret.txt").giving("9", "images", &below);
        let id = comfy.run(run);
        daemon.until_status(&id, "completed").await;
    }
    is_over.store(true, Ordering::Relaxed);
    exchanging.join().unwrap();
    let last = comfy.run(Run::from_browser("b").saving(File::output("last.png", picture("last"))));
    daemon
        .until("the last file", async |daemon| {
            let found = daemon.of_prompt(&last).await;
            let detail = daemon.detail(&found.first()?["id"]).await;
            let outputs = detail["outputs"].as_array()?;
            outputs.iter().any(|it| it["filename"] == "last.png" && it["state"] == "stored").then_some(())
        })
        .await;
    let digest = sha256(&fs::read(&secret).unwrap());
    let kept = files_below(&daemon.data_dir().join("blobs"));
    assert!(!kept.iter().any(|path| path.ends_with(&digest[2..])), "{kept:?}");
}

#[tokio::test]
async fn an_output_folder_that_is_a_link_is_read_and_a_link_in_it_is_asked_of_comfyui() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let (root, output) = (comfy.folder(), comfy.folder().join("output"));
    fs::rename(&output, root.join("disk")).unwrap();
    symlink("disk", &output).unwrap();
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    comfy.put(File::output("watched.png", picture("watched")));
    until_taken(&daemon, &picture("watched")).await;
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture("a")).below("sub")));
    assert_eq!(state(&daemon.until_whole(&id, "completed").await, "a.png"), "stored");
    assert_eq!(comfy.requests_to(Route::View), 0, "nothing needs to go over the network");
    // On another disk, by a link in the folder: ComfyUI knows whether it hands that out.
    fs::create_dir(root.join("other-disk")).unwrap();
    symlink(root.join("other-disk"), output.join("videos")).unwrap();
    let id = comfy.run(Run::from_browser("b").saving(File::output("b.png", picture("b")).below("videos")));
    assert_eq!(state(&daemon.until_whole(&id, "completed").await, "b.png"), "stored");
    assert!(comfy.requests_to(Route::View) > 0);
}

#[tokio::test]
async fn the_watcher_does_not_leave_its_folder_and_survives_what_is_in_it() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let output = comfy.folder().join("output");
    symlink("/", output.join("all")).unwrap();
    symlink("..", output.join("up")).unwrap();
    symlink("gone", output.join("dangling")).unwrap();
    let mut deep = output.clone();
    for _ in 0..200 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    symlink("/", output.join("all-again")).unwrap();
    comfy.put(File::output("a.png", picture("a")));
    until_taken(&daemon, &picture("a")).await;
    fs::write(deep.join("deep.png"), picture("deep")).unwrap();
    until_taken(&daemon, &picture("deep")).await;
    fs::write(comfy.folder().join("outside.png"), picture("outside")).unwrap();
    comfy.put(File::output("b.png", picture("b")));
    until_taken(&daemon, &picture("b")).await;
    assert_eq!(files_below(&daemon.data_dir().join("blobs")).len(), 3);
}
