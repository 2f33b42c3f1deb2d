//! WebSocket frames that no ComfyUI would send, and sockets that end.

use bytes::Bytes;

use super::{pair, run_saving};
use crate::support::comfyui::{Frame, Route};

/// Far more than any frame of ComfyUI's.
const HUGE: usize = 200 << 20;

#[tokio::test]
async fn socket_that_breaks_is_opened_again_and_nothing_is_missed() {
    let (comfy, daemon) = pair().await;
    for n in 0..3 {
        comfy.forget_requests();
        comfy.close_sockets();
        let id = comfy.run(run_saving(&format!("{n}.png")));
        daemon.until_whole(&id, "completed").await;
        comfy.until_asked(Route::Socket, 1).await;
        comfy.until_sockets(1).await;
    }
}

#[tokio::test]
async fn malformed_and_huge_frames_end_the_socket_and_nothing_else() {
    let (comfy, daemon) = pair().await;
    let wrong: [&dyn Fn(); 3] = [&|| comfy.send_malformed_frame(), &|| comfy.send_head_of_huge_frame(1 << 40), &|| {
        comfy.send(&Frame::Raw(Bytes::from_static(&[0x81, 2, 0xc3, 0x28])))
    }];
    for (n, send) in wrong.into_iter().enumerate() {
        comfy.until_sockets(1).await;
        comfy.forget_requests();
        send();
        comfy.until_asked(Route::Socket, 1).await;
        let id = comfy.run(run_saving(&format!("{n}.png")));
        daemon.until_whole(&id, "completed").await;
    }
}

#[tokio::test]
async fn frames_of_any_content_are_passed_over() {
    let (comfy, daemon) = pair().await;
    for frame in [
        "",
        "null",
        "[]",
        "5",
        "{}",
        "NaN",
        "{\"type\":5}",
        "{\"type\":\"status\"}",
        "{\"type\":\"status\",\"data\":[]}",
        "{\"type\":\"status\",\"data\":{\"status\":{\"exec_info\":{\"queue_remaining\":\"x\"}}}}",
        "{\"type\":\"status\",\"data\":{\"status\":{\"exec_info\":{\"queue_remaining\":-1}}}}",
        "not JSON",
    ] {
        comfy.send(&Frame::Text(frame.to_owned()));
        comfy.send(&Frame::Binary(frame.to_owned().into()));
    }
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
}

#[tokio::test]
async fn huge_message_fills_no_memory() {
    let (comfy, daemon) = pair().await;
    comfy.send(&Frame::Text("x".repeat(HUGE)));
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
    let (_, peak) = daemon.memory();
    assert!(peak < HUGE as u64 / 2, "{peak} bytes");
}

#[tokio::test]
async fn the_socket_takes_nobodys_place() {
    let (comfy, daemon) = pair().await;
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
    let opened = comfy.requests().into_iter().filter(|request| request.route == Route::Socket);
    let mut names: Vec<_> = opened.map(|request| request.path_and_query).collect();
    comfy.close_sockets();
    comfy.until_asked(Route::Socket, names.len() + 1).await;
    names.push(comfy.requests().into_iter().rfind(|request| request.route == Route::Socket).unwrap().path_and_query);
    for name in &names {
        assert!(!name.contains("clientId=browser"), "{name}");
    }
    let named: Vec<_> = names.iter().filter(|name| name.contains("clientId=")).collect();
    let distinct: std::collections::BTreeSet<_> = named.iter().collect();
    assert_eq!(named.len(), distinct.len(), "a fresh name for each connection, or none: {names:?}");
}
