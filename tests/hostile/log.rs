//! What stands in the log: one line for each thing told, nothing that a terminal obeys, and no secret.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::visitors::{connect, sign_in, visitor};
use crate::support::DEADLINE;
use crate::support::comfyui::{ComfyUi, Fault, File, Outcome, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch};

const HOME: [u8; 4] = [127, 0, 0, 1];

/// Whether no line holds what a terminal obeys, or what turns or hides a part of it.
fn assert_plain(log: &str) {
    for line in log.lines() {
        let is_obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!line.contains(is_obeyed), "{line:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_asked_or_recorded_writes_lines_or_orders_into_the_log() {
    let launch = Launch::new().environment("RECALL_PASSWORD", "correct horse").with_token("a-token-of-24-characters");
    let comfy = ComfyUi::start().await;
    let mut daemon = launch.argument("--log-level").argument("trace").beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let orders = [
        "\u{1b}[2J",
        "\u{1b}]0;owned\u{7}",
        "\u{9b}31m",
        "\u{202e}",
        "\r\n2099-01-01T00:00:00Z ERROR forged",
        "\n",
        "\r",
        "\u{8}\u{7f}",
        "\u{2028}",
    ];
    for order in orders {
        let encoded: String = url::form_urlencoded::byte_serialize(order.as_bytes()).collect();
        for said in [
            format!("GET /{encoded} HTTP/1.1\r\nHost: localhost\r\n"),
            format!("GET /?q={encoded}&next={encoded} HTTP/1.1\r\nHost: localhost\r\n"),
            format!("GET /panel/dark-en/{encoded} HTTP/1.1\r\nHost: localhost\r\n"),
            format!("GET /{order} HTTP/1.1\r\nHost: localhost\r\n"),
            format!("GET / HTTP/1.1\r\nHost: {order}\r\n"),
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {order}\r\nUser-Agent: {order}\r\nReferer: {order}\r\nOrigin: {order}\r\nX-Forwarded-For: {order}\r\n"
            ),
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {order}\r\nCookie: recall-session={order}\r\n"
            ),
            format!("{order} / HTTP/1.1\r\nHost: localhost\r\n"),
        ] {
            let mut stream = connect(&daemon, HOME).await.unwrap();
            let _ = stream.write_all(format!("{said}Connection: close\r\n\r\n").as_bytes()).await;
            let _ = timeout(DEADLINE, stream.read_to_end(&mut Vec::new())).await.expect("no end");
        }
        sign_in(&daemon, order, &[]).await;
    }
    let all = orders.concat();
    let prompt = json!({"1": {"class_type": all, "inputs": {&all: all}, "_meta": {"title": all}}}).to_string();
    let hostile = || {
        Run::from_browser(&all)
            .with_prompt(&prompt)
            .with_workflow(&json!({"id": all, "nodes": [{"id": 1, "type": all}]}).to_string())
    };
    comfy.fail_times(Route::View, Fault::Status(500), 2);
    comfy.run(
        hostile().with_id(&format!("id{all}")).saving(File::output(&format!("{all}.png"), picture("a")).below(&all)),
    );
    comfy.run_to(hostile(), &Outcome::error_with_inputs(&all, &json!({&all: [all]}).to_string()));
    comfy.fail_times(
        Route::SystemStats,
        Fault::Body(json!({"system": {"os": all, "comfyui_version": all}}).to_string()),
        1,
    );
    comfy.close_sockets();
    comfy.until_sockets(1).await;
    let honest = comfy.run(Run::from_browser("b"));
    daemon.until_status(&honest, "completed").await;
    assert!(daemon.terminate().await.success());
    let log = daemon.log();
    assert!(log.contains("a wrong password or token") && log.contains("answered"), "{log}");
    assert_plain(&log);
    assert!(!log.lines().any(|line| line.starts_with("2099")), "{log}");
}

const SECRETS: [&str; 8] =
    ["hunter-1", "hunter-2", "hunter-3", "hunter-4", "hunter-5", "hunter-6", "aHVudGVyLTI", "eDpodW50ZXI"];

/// Everything that is a secret, shown in every way that there is, to a daemon whose log tells all it can.
async fn tells_secrets(format: &str) -> (Daemon, String) {
    let comfy = ComfyUi::builder().authorization("Basic aHVudGVyLTI6aHVudGVyLTM=").start().await;
    let hook = ComfyUi::start().await;
    let launch = Launch::new();
    let config = launch.data_dir().join("config.toml");
    let url = comfy.url().replace("http://", "http://hunter-2:hunter-3@");
    let table = format!(
        "password = \"hunter-1\"\ntoken = \"hunter-4-hunter-4-hunter-4\"\n\
         [[comfyui]]\nurl = \"{url}\"\nheaders = {{ X-Key = \"hunter-3\", Cookie = \"a=hunter-3\" }}\n\
         [[webhook]]\nurl = \"{}/hooks?key=hunter-5\"\nsecret = \"hunter-6-hunter-6-hunter-6\"\n\
         [[webhook]]\nurl = \"http://127.0.0.1:9/hunter-5\"\nsecret = \"hunter-6-hunter-6-hunter-6\"\n",
        hook.url()
    );
    std::fs::write(&config, table).unwrap();
    let launch = launch.argument("--config").argument(&config).argument("--log-level").argument("trace");
    let mut daemon =
        launch.argument("--log-format").argument(format).showing("hunter-4-hunter-4-hunter-4").start().await;
    comfy.until_sockets(1).await;
    comfy.fail_times(Route::View, Fault::Status(500), 1);
    comfy.fail_times(Route::Queue, Fault::Status(401), 1);
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture("a"))));
    daemon.until_status(&id, "completed").await;
    hook.until_any_asked(1).await;
    let session = sign_in(&daemon, "hunter-1", &[]).await.headers()["set-cookie"].to_str().unwrap().to_owned();
    let session = session.split([';', '=']).nth(1).unwrap().to_owned();
    for (name, value) in [
        ("cookie", format!("recall-session={session}")),
        ("authorization", "Bearer hunter-4-hunter-4-hunter-4".to_owned()),
        ("authorization", "Bearer hunter-4-nearly-the-right-one".to_owned()),
        ("authorization", "Basic eDpodW50ZXItMQ==".to_owned()),
        ("authorization", "Basic eDpodW50ZXItMg==".to_owned()),
        ("authorization", "hunter-4".to_owned()),
    ] {
        for path in ["/api/v1/status", "/nowhere"] {
            visitor().get(format!("{}{path}", daemon.url())).header(name, &value).send().await.unwrap();
        }
    }
    let out =
        visitor().post(format!("{}/sign-out", daemon.url())).header("cookie", format!("recall-session={session}"));
    out.send().await.unwrap();
    comfy.unplug().await;
    comfy.plug_in();
    comfy.until_sockets(1).await;
    assert!(daemon.terminate().await.success());
    (daemon, session)
}

#[tokio::test]
async fn at_every_level_and_in_both_shapes_the_log_tells_no_secret() {
    for format in ["text", "json"] {
        let (daemon, session) = tells_secrets(format).await;
        let log = daemon.log();
        assert!(log.contains("a wrong password or token") && log.contains("answered"), "{log}");
        for secret in SECRETS.iter().copied().chain([session.as_str(), "hunter"]) {
            assert!(!log.contains(secret), "{secret} in {}", log.lines().find(|line| line.contains(secret)).unwrap());
        }
        if format == "json" {
            assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
        }
    }
}
