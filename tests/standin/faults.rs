//! Whatever a test breaks is broken for the client too, and whole again afterwards.

use std::pin::pin;

use super::{Listener, status};
use crate::support::client;
use crate::support::comfyui::{ComfyUi, Fault, File, Frame, Route, Run, picture_of};

async fn with_a_file() -> (ComfyUi, String) {
    let comfy = ComfyUi::start().await;
    comfy.put(File::output("a.png", picture_of(300_000, 1)));
    let url = format!("{}/view?filename=a.png", comfy.url());
    (comfy, url)
}

async fn fetch(url: &str) -> Result<usize, reqwest::Error> {
    Ok(client().get(url).send().await?.error_for_status()?.bytes().await?.len())
}

#[tokio::test]
async fn a_fault_lasts_as_long_as_it_is_said() {
    let (comfy, url) = with_a_file().await;
    comfy.fail_times(Route::View, Fault::Status(500), 2);
    for _ in 0..2 {
        assert_eq!(fetch(&url).await.unwrap_err().status().unwrap(), 500);
    }
    assert!(fetch(&url).await.unwrap() > 300_000);
    comfy.fail(Route::View, Fault::Body("<html>".to_owned()));
    assert_eq!(fetch(&url).await.unwrap(), 6);
    comfy.heal(Route::View);
    assert!(fetch(&url).await.unwrap() > 300_000);
    assert_eq!(comfy.requests_to(Route::View), 5);
    assert_eq!(comfy.requests().last().unwrap().bytes_sent(), fetch(&url).await.unwrap() as u64);
}

#[tokio::test]
async fn truncated_bodies_and_false_lengths_reach_the_client_as_such() {
    let (comfy, url) = with_a_file().await;
    for fault in [Fault::Truncate(0), Fault::Truncate(100_000), Fault::TruncateChunked(100_000), Fault::PromiseMore(7)]
    {
        comfy.fail(Route::View, fault.clone());
        let mut response = client().get(&url).send().await.unwrap();
        let mut bytes = 0;
        let end = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes += chunk.len(),
                end => break end,
            }
        };
        assert!(end.is_err(), "{fault:?} ended well after {bytes} bytes");
        match fault {
            Fault::Truncate(after) | Fault::TruncateChunked(after) => assert_eq!(bytes as u64, after),
            _ => assert!(bytes > 300_000),
        }
    }
    comfy.heal(Route::View);
    let whole = fetch(&url).await.unwrap();
    comfy.fail(Route::View, Fault::PromiseLess(7));
    assert_eq!(fetch(&url).await.unwrap(), whole - 7);
}

#[tokio::test]
async fn what_is_held_comes_when_it_is_released() {
    let (comfy, url) = with_a_file().await;
    for fault in [Fault::Hold, Fault::Stall(1000)] {
        comfy.forget_requests();
        comfy.fail(Route::View, fault.clone());
        let mut fetched = pin!(fetch(&url));
        tokio::select! {
            _ = &mut fetched => panic!("{fault:?} held nothing back"),
            () = comfy.until_asked(Route::View, 1) => {}
        }
        comfy.heal(Route::View);
        assert!(fetched.await.unwrap() > 300_000);
    }
}

#[tokio::test]
async fn away_means_refused_and_back_means_the_same_port_and_history() {
    let (comfy, url) = with_a_file().await;
    let id = comfy.run(Run::from_api());
    let observer = Listener::connect(&comfy).await;
    comfy.unplug().await;
    assert_eq!(observer.rest().await, [""; 0]);
    assert!(fetch(&url).await.unwrap_err().is_connect());
    comfy.plug_in();
    fetch(&url).await.unwrap();
    assert!(comfy.entry(&id).is_some());
    comfy.queue(Run::from_api());
    comfy.restart().await;
    fetch(&url).await.unwrap();
    assert_eq!((comfy.entry(&id), comfy.history_len()), (None, 0));
    let mut observer = Listener::connect(&comfy).await;
    comfy.ring();
    assert_eq!(observer.next().await.unwrap(), status(0));
}

#[tokio::test]
async fn frames_can_be_wrong() {
    let comfy = ComfyUi::start().await;
    let mut observer = Listener::connect(&comfy).await;
    comfy.send_malformed_frame();
    assert_eq!(observer.next().await, None);
    let mut observer = Listener::connect(&comfy).await;
    comfy.send_head_of_huge_frame(1 << 40);
    assert_eq!(observer.next().await, None);
    let mut observer = Listener::connect(&comfy).await;
    comfy.send(&Frame::Text("not JSON".to_owned()));
    assert_eq!(observer.next().await.unwrap(), "not JSON");
}
