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
    let there = format!("comfy-recall is running already at {}/", daemon.url());
    for launch in [Launch::new(), Launch::on_data_of(&daemon)] {
        let (status, log) = launch.beside(&comfy).listening_on(address(&daemon)).refuse().await;
        assert_eq!(status.code(), Some(1));
        assert!(log.contains(&there) && log.lines().count() == 1, "{log}");
    }
    // On the same data, but elsewhere, the folder is what is wrong.
    let (_, log) = Launch::on_data_of(&daemon).beside(&comfy).refuse().await;
    assert!(log.contains("is in use by another comfy-recall"), "{log}");
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
    assert_eq!(log, format!("comfy-recall is running already at {}/\n", daemon.url()));
    let address = daemon
        .until("the browser", async |_| fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')))
        .await;
    assert_eq!(address, format!("{}/\n", daemon.url()));
}

#[tokio::test]
async fn address_that_another_program_has_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (status, log) = Launch::new().listening_on(address).argument("--open").refuse().await;
    assert_eq!(status.code(), Some(1));
    assert!(log.contains(&format!("listen on {address}: another program uses it; choose another address")), "{log}");
    assert!(log.contains("--listen, for example 127.0.0.1:8190, or stop that program"), "{log}");
}
