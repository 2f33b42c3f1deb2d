//! `stop`, beside a daemon and without one.

use std::fs;

use tempfile::TempDir;

use super::Shell;
use crate::support::comfyui::{ComfyUi, Run};
use crate::support::daemon::Launch;

#[tokio::test]
async fn a_daemon_that_is_told_to_stop_has_ended_well_when_the_command_has() {
    let comfy = ComfyUi::start().await;
    let mut daemon = Launch::new().beside(&comfy).start().await;
    let request = daemon.data_dir().join("recall.stop");
    for runs in 1..=2 {
        comfy.until_sockets(1).await;
        comfy.run(Run::from_browser("b").with_seed(runs));
        daemon.until_all_whole(usize::try_from(runs).unwrap()).await;
        let folder = daemon.data_dir().to_owned();
        let said = tokio::task::spawn_blocking(move || Shell::on(&folder).done(&["stop"])).await.unwrap();
        assert_eq!(said, format!("comfy-recall has stopped; its data folder is {}\n", daemon.data_dir().display()));
        assert!(daemon.ended().await.success(), "{}", daemon.log());
        assert!(!request.exists());
        daemon.start_again().await;
    }
    assert_eq!(daemon.list("").await.len(), 2);
}

#[tokio::test]
async fn where_none_is_at_work_nothing_is_stopped_or_made_and_one_elsewhere_is_told_of() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    let folder = TempDir::with_prefix("recall-").unwrap();
    let there = daemon.url().strip_prefix("http://").unwrap();
    for (listen, told) in [("127.0.0.1:1", String::new()), (there, format!("one answers at {}/,", daemon.url()))] {
        let output = Shell::on(folder.path()).command(&["stop"]).env("RECALL_LISTEN", listen).output().unwrap();
        let [said, beside] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(said, format!("no comfy-recall is running on the data folder {}\n", folder.path().display()));
        assert_eq!((beside.contains(&told), beside.is_empty()), (true, told.is_empty()), "{beside}");
        assert!(output.status.success());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(!daemon.has_ended());
}
