//! An address, or a data folder, that somebody has already.

use std::fs;
use std::net::{SocketAddr, TcpListener};

use super::browser;
use crate::support::comfyui::ComfyUi;
use crate::support::daemon::{Daemon, Launch};

fn address(daemon: &Daemon) -> SocketAddr {
    daemon.url().strip_prefix("http://").unwrap().parse().unwrap()
}

#[tokio::test]
async fn second_daemon_at_an_address_says_that_one_is_running_there() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    let there = format!("comfy-recall is already running at {}/", daemon.url());
    let (status, log) = Launch::on_data_of(&daemon).beside(&comfy).listening_on(address(&daemon)).refuse().await;
    assert_eq!(status.code(), Some(1));
    assert!(log.contains(&there) && log.lines().count() == 1, "{log}");
    // Also where it would listen elsewhere, as when the default was another one; without Linux the folder is named.
    let (_, log) = Launch::on_data_of(&daemon).beside(&comfy).refuse().await;
    let said = if cfg!(target_os = "linux") { &there } else { "is in use by another comfy-recall" };
    assert!(log.contains(said), "{log}");
}

#[tokio::test]
async fn who_wants_to_see_the_page_of_a_running_daemon_sees_it() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    let (folder, opened) = browser();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let launch = Launch::on_data_of(&daemon).beside(&comfy).listening_on(address(&daemon)).argument("--open");
    let (status, log) = launch.environment("PATH", &path).environment("DISPLAY", ":9").refuse().await;
    assert!(status.success(), "{log}");
    assert_eq!(log, format!("comfy-recall is already running at {}/\n", daemon.url()));
    let address = daemon
        .until("the browser", async |_| fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')))
        .await;
    assert_eq!(address, format!("{}/\n", daemon.url()));
}

#[tokio::test]
async fn second_daemon_on_other_data_says_whose_history_is_there_and_leaves_no_folder() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    for option in ["--open", "--log-level=info"] {
        let launch = Launch::new().beside(&comfy).listening_on(address(&daemon)).argument(option);
        let launch = launch.environment("DISPLAY", ":9");
        let (status, log) = launch.refuse().await;
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.starts_with("comfy-recall: a comfy-recall with another data folder"), "{log}");
        assert!(log.contains(&format!("is running at {}/, so nothing would be recorded into", daemon.url())), "{log}");
        assert!(log.contains(&launch.data_dir().display().to_string()) && log.lines().count() == 1, "{log}");
        assert!(log.contains(&format!("--listen 127.0.0.1:{}", address(&daemon).port() + 1)), "{log}");
        assert_eq!(fs::read_dir(launch.data_dir()).unwrap().count(), 0, "nothing was made there");
        if cfg!(target_os = "linux") {
            assert!(log.contains(&daemon.data_dir().display().to_string()), "{log}");
        }
    }
}

#[tokio::test]
async fn address_that_another_program_has_is_told_with_its_name_and_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (status, log) = Launch::new().listening_on(address).argument("--open").refuse().await;
    assert_eq!(status.code(), Some(1));
    let named = format!("(process {}) uses it", std::process::id());
    let who = if cfg!(target_os = "linux") { named } else { "another program uses it".to_owned() };
    assert!(log.contains(&format!("listen on {address}: ")) && log.contains(&who), "{log}");
    let other = format!("--listen, for example 127.0.0.1:{}, or stop that program", address.port() + 1);
    assert!(log.contains(&other), "{log}");
}

#[tokio::test]
async fn address_that_a_comfyui_has_is_told_as_its() {
    let comfy = ComfyUi::start().await;
    let (status, log) = Launch::new().listening_on(comfy.address()).refuse().await;
    assert_eq!(status.code(), Some(1));
    assert!(log.contains(&format!("listen on {}: ComfyUI 0.26.0 uses it", comfy.address())), "{log}");
}
