//! Which servers are found, and under which names they stay.

use std::net::Ipv6Addr;

use std::path::Path;

use comfy_recall::cli::Command;
use comfy_recall::commands::{self, Terminal};

use super::{Here, looking_at, new_data};
use crate::support::comfyui::{ComfyUi, Fault, Route, Run, Version};
use crate::support::daemon::Daemon;

#[tokio::test]
async fn comfyui_on_a_usual_port_is_found_recorded_and_remembered() {
    let (away, comfy) = (ComfyUi::start().await, ComfyUi::start().await);
    away.unplug().await;
    let ports = [away.address().port(), comfy.address().port()];
    let ids = comfy.preload(3, &Run::from_browser("b"));
    let here = Here::looking_at(&new_data(), &ports).await;
    here.until_connected(&[("default", &comfy)]).await;
    here.until_said("3 runs from its history are recorded").await;
    let said = here.said();
    let lines: Vec<&str> = said.lines().collect();
    let looked = format!("Looking for ComfyUI on this machine, at ports {}, {}", ports[0], ports[1]);
    let found = format!("Found ComfyUI 0.26.0 at {}/", comfy.url());
    assert_eq!(&lines[..2], [looked, found], "{said}");
    assert!(lines[2].ends_with(&format!("{}/", here.url)), "{said}");
    assert_eq!(lines.len(), 3, "{said}");
    // Nor may that at the port which is assumed while there is none.
    for origin in [comfy.url(), away.url()] {
        for path in ["/api/v1/generations", "/history", "/view", "/g/1/workflow.json", "/queue", "/files/x/y"] {
            let page = crate::support::client().get(format!("{}{path}", here.url)).header("origin", &origin);
            let headers = page.send().await.unwrap().headers().clone();
            assert!(!headers.contains_key("access-control-allow-origin"), "{path}: nobody said that its page may read");
        }
    }
    let frame = crate::support::client().get(format!("{}/panel/dark-en/", here.url)).send().await.unwrap();
    let policy = frame.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("frame-ancestors {}", comfy.url())), "the sidebar works at once: {policy}");
    let recorded = here.json("/api/v1/generations").await;
    assert_eq!(recorded["items"].as_array().unwrap().len(), ids.len());

    // Once more, with ComfyUI away and another one where the first look begins: the same server.
    let data = here.data.clone();
    here.end().await;
    comfy.unplug().await;
    let here = Here::looking_at(&data, &ports).await;
    here.until("the same server", async |here| {
        let servers = here.servers().await;
        (servers.len() == 1 && servers[0].1 == format!("{}/", comfy.url()) && servers[0].2 == "away").then_some(())
    })
    .await;
    comfy.plug_in();
    here.until_connected(&[("default", &comfy)]).await;
    here.until_said("Recording").await;
    let kept = format!("3 runs are in {}\nRecording ComfyUI at {}/", data.path().display(), comfy.url());
    assert_eq!(here.said(), kept);
    here.end().await;
}

#[tokio::test]
async fn configuration_that_names_no_comfyui_is_printed_with_those_that_answer() {
    let (there, away) = (ComfyUi::start().await, ComfyUi::start().await);
    away.unplug().await;
    let (here, gone) = (there.address().port(), away.address().port());
    let printed = async |ports: Vec<u16>| tokio::task::spawn_blocking(move || told_of(&ports)).await.unwrap();
    let told = printed(vec![gone, here]).await;
    let looked = format!("\n# comfyui: not configured; looked for on this machine, at ports {gone}, {here}\n");
    assert!(told.ends_with(&format!("{looked}# comfyui: found {}/\n", there.url())), "{told}");
    let told = printed(vec![gone]).await;
    assert!(told.ends_with("# comfyui: none answers now\n"), "{told}");
}

/// What `config` prints when these ports are looked at.
fn told_of(ports: &[u16]) -> String {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut terminal = Terminal {
        out: &mut out,
        notes: &mut notes,
        width: None,
        is_colored: false,
        has_display: false,
        is_watched: false,
    };
    commands::run(&Command::ShowConfig, &looking_at(Path::new("/nowhere"), ports), &mut terminal).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn comfyui_that_listens_to_ipv6_alone_is_found_also_when_it_comes_later() {
    let later = ComfyUi::builder().at(Ipv6Addr::LOCALHOST).start().await;
    let port = later.address().port();
    later.unplug().await;
    let here = Here::looking_at(&new_data(), &[port]).await;
    here.until_said("No ComfyUI answers yet").await;
    later.plug_in();
    here.until_connected(&[("default", &later)]).await;
    assert_eq!(later.url(), format!("http://[::1]:{port}"));
    let id = later.run(Run::from_browser("b"));
    here.until("its run", async |here| {
        let items = here.json("/api/v1/generations").await["items"].clone();
        (items[0]["prompt_id"] == id.as_str() && items[0]["status"] == "completed").then_some(())
    })
    .await;
    let data = here.data.clone();
    here.end().await;
    let here = Here::looking_at(&data, &[port]).await;
    here.until_connected(&[("default", &later)]).await;
    here.until_said(&format!("Recording ComfyUI at {}/", later.url())).await;
    here.end().await;
}

#[tokio::test]
async fn page_is_ready_while_it_looks_and_whoever_comes_later_is_found() {
    let (assumed, later) = (ComfyUi::start().await, ComfyUi::start().await);
    assumed.unplug().await;
    later.unplug().await;
    let here = Here::looking_at(&new_data(), &[assumed.address().port(), later.address().port()]).await;
    here.until_said("No ComfyUI answers yet").await;
    assert!(here.said().contains(&format!("The history will be at {}/", here.url)));
    here.until("the assumed one", async |here| {
        let servers = here.servers().await;
        (servers.len() == 1 && servers[0].2 == "away").then_some(())
    })
    .await;
    later.plug_in();
    here.until_connected(&[("default", &later)]).await;
    here.until_said("Its history is empty").await;
    assert!(assumed.requests().is_empty());
    let id = later.run(Run::from_browser("b"));
    here.until("its run", async |here| {
        let items = here.json("/api/v1/generations?instance=default").await["items"].clone();
        (items[0]["prompt_id"] == id.as_str()).then_some(())
    })
    .await;
    here.end().await;
}

#[tokio::test]
async fn assumed_server_that_comes_by_itself_is_remembered_too() {
    let (assumed, other) = (ComfyUi::start().await, ComfyUi::start().await);
    assumed.unplug().await;
    other.unplug().await;
    let ports = [assumed.address().port(), other.address().port()];
    let here = Here::looking_at(&new_data(), &ports).await;
    here.until_said("No ComfyUI answers yet").await;
    assumed.plug_in();
    here.until_connected(&[("default", &assumed)]).await;
    here.until_said(&format!("Found ComfyUI 0.26.0 at {}/", assumed.url())).await;
    let data = here.data.clone();
    here.end().await;
    other.plug_in();
    let here = Here::looking_at(&data, &ports).await;
    here.until_connected(&[("default", &assumed)]).await;
    assert!(other.requests().is_empty());
    here.end().await;
}

#[tokio::test]
async fn several_servers_are_each_recorded_under_a_name_that_stays() {
    let first = ComfyUi::builder().version(Version::V0_8_0).start().await;
    let second = ComfyUi::start().await;
    let (one, other) = (first.address().port(), second.address().port());
    let here = Here::looking_at(&new_data(), &[one, other]).await;
    let name = format!("port-{other}");
    here.until_connected(&[("default", &first), (&name, &second)]).await;
    let data = here.data.clone();
    here.end().await;
    // The order in which is looked doesn't matter any more.
    let here = Here::looking_at(&data, &[other, one]).await;
    here.until_connected(&[("default", &first), (&name, &second)]).await;
    here.end().await;
}

#[tokio::test]
async fn another_server_is_added_while_all_that_are_remembered_are_away() {
    let (first, second) = (ComfyUi::start().await, ComfyUi::builder().version(Version::V0_8_0).start().await);
    second.unplug().await;
    let ports = [first.address().port(), second.address().port()];
    let here = Here::looking_at(&new_data(), &ports).await;
    here.until_connected(&[("default", &first)]).await;
    let data = here.data.clone();
    here.end().await;
    first.unplug().await;
    second.plug_in();
    let here = Here::looking_at(&data, &ports).await;
    let name = format!("port-{}", ports[1]);
    here.until("the other one", async |here| {
        let servers = here.servers().await;
        let is = |nth: usize, name: &str, state: &str| servers[nth].0 == name && servers[nth].2 == state;
        (servers.len() == 2 && is(0, "default", "away") && is(1, &name, "connected")).then_some(())
    })
    .await;
    first.plug_in();
    here.until_connected(&[("default", &first), (&name, &second)]).await;
    here.end().await;
}

#[tokio::test]
async fn nobody_but_comfyui_is_taken_for_it() {
    let comfy = ComfyUi::start().await;
    let ours = Daemon::beside(&comfy).await;
    let our_port = ours.url().rsplit(':').next().unwrap().parse().unwrap();
    let (page, other, broken, slow) =
        (ComfyUi::start().await, ComfyUi::start().await, ComfyUi::start().await, ComfyUi::start().await);
    let spa = "<!doctype html><title>a dev server</title>".to_owned();
    page.fail(Route::SystemStats, Fault::Body(spa));
    other.fail(Route::SystemStats, Fault::Body(r#"{"system":{"cpu":4,"python_version":"3.11"}}"#.to_owned()));
    broken.fail(Route::SystemStats, Fault::Status(404));
    slow.fail(Route::SystemStats, Fault::Hold);
    let strangers = [&page, &other, &broken, &slow];
    let mut ports: Vec<u16> = vec![our_port];
    ports.extend(strangers.iter().map(|stranger| stranger.address().port()));
    let proxy = ComfyUi::start().await;
    ports.extend([comfy.address().port(), proxy.address().port()]);
    let here = Here::looking_at(&new_data(), &ports).await;
    // Two that say the same of themselves, and of another port than their own, are taken for one.
    here.until_connected(&[("default", &comfy)]).await;
    for stranger in strangers {
        assert!(stranger.requests().iter().all(|request| request.route == Route::SystemStats));
    }
    here.end().await;
}
