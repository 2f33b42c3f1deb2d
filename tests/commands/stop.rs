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
    // Twice: the second daemon finds what somebody left who asked and didn't wait.
    for runs in 1..=2 {
        comfy.until_sockets(1).await;
        comfy.run(Run::from_browser("b").with_seed(runs));
        daemon.until_all_whole(usize::try_from(runs).unwrap()).await;
        let folder = daemon.data_dir().to_owned();
        let said = tokio::task::spawn_blocking(move || Shell::on(&folder).done(&["stop"])).await.unwrap();
        assert_eq!(said, format!("comfy-recall has stopped; its data folder is {}\n", daemon.data_dir().display()));
        assert!(daemon.ended().await.success(), "{}", daemon.log());
        assert!(!request.exists());
        fs::write(&request, "").unwrap();
        daemon.start_again().await;
    }
    assert_eq!(daemon.list("").await.len(), 2);
}

#[test]
fn where_none_is_at_work_nothing_is_stopped_or_made() {
    let folder = TempDir::with_prefix("recall-").unwrap();
    let said = Shell::on(folder.path()).done(&["stop"]);
    assert_eq!(said, format!("no comfy-recall is at work on the data folder {}\n", folder.path().display()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
