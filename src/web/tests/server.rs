//! Doors, headers, errors, and how it ends.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::model::{Comfyui, ConnectionState, Health, InstanceName, Timestamp};
use crate::web::SiteSettings;
use crate::web::testing::{NOON, TestSite};

#[tokio::test]
async fn every_response_says_how_it_may_be_used() {
    let site = TestSite::start().await;
    for path in ["/", "/status", "/api", "/g/1", "/nowhere", "/healthz", "/readyz", "/api/v1/generations", "/?limit=x"]
    {
        let response = site.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let csp = header("content-security-policy");
        assert!(csp.starts_with("default-src 'none';") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe") && !csp.contains("http"), "{path}: {csp}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        // ComfyUI's page asks that one address whether we can be reached.
        let readers = if path == "/healthz" { "cross-origin" } else { "same-origin" };
        assert_eq!(header("cross-origin-resource-policy"), readers, "{path}");
        assert!(["no-store", "private, no-cache"].contains(&&*header("cache-control")), "{path}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_turned_away_and_told_how_to_add_it() {
    let site = TestSite::start().await;
    for host in ["evil.example", "localhost.evil.example:80", "127.0.0.1@evil.example"] {
        let response = site.request("/api/v1/generations").header("host", host).send().await.unwrap();
        assert_eq!(response.status(), 421, "{host}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], "unknown_host");
        assert!(error["error"]["message"].as_str().unwrap().contains("--allow-host"), "{error}");
    }
    for host in ["localhost:1", "127.0.0.1", "[::1]:8588"] {
        assert_eq!(site.request("/").header("host", host).send().await.unwrap().status(), 200, "{host}");
    }
}

#[tokio::test]
async fn a_request_line_with_a_foreign_host_is_turned_away_too() {
    let site = TestSite::start().await;
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream
        .write_all(b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");

    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 400"), "{answer}");
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let site = TestSite::start().await;
    for path in ["/", "/g/1", "/api", "/api/v1/generations", "/api/v1/generations/1", "/healthz", "/readyz"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let url = format!("http://{}{path}", site.address);
            let response = site.client.request(method.clone(), url).send().await.unwrap();
            assert_eq!(response.status(), 405, "{method} {path}");
            assert_eq!(response.headers()["allow"], "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn errors_are_json_for_programs_and_pages_for_people() {
    let site = TestSite::start().await;
    for path in [
        "/api/v1/nothing",
        "/api/",
        "/api/v1/generations/999",
        "/api/v1/generations/x%FF",
        "/api/v1/generations/+1",
        "/files/x/y",
    ] {
        let response = site.get(path).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].as_bytes()),
            (404, &b"application/json"[..]),
            "{path}"
        );
        let error: Value = response.json().await.unwrap();
        assert!(error["error"]["code"].is_string() && error["error"]["message"].is_string(), "{path}");
    }
    for path in ["/nothing", "/g/999", "/g/x", "/g/1/prompt.json", "/assets/x"] {
        let response = site.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.text().await.unwrap().contains("<h1>Not found</h1>"), "{path}");
    }
    let response = site.request("/g/999").header("accept", "application/json").send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "generation_not_found");
}

#[tokio::test]
async fn an_inner_failure_gives_a_number_and_nothing_else() {
    let site = TestSite::start().await;
    site.site.store.clone().close().await.unwrap();
    let response = site.get("/api/v1/generations").await;
    assert_eq!(response.status(), 500);
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["error"]["code"], "internal");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("under request ") && !message.contains("sql"), "{message}");
    let page = site.get("/").await;
    assert_eq!(page.status(), 500);
    assert!(page.text().await.unwrap().contains("Look for request <code>"));
}

#[tokio::test]
async fn readiness_is_about_the_storage() {
    let site = TestSite::start().await;
    site.site.live.set_health(Health {
        name: InstanceName::default(),
        address: "http://127.0.0.1:8188".to_owned(),
        connection: ConnectionState::Away("connection refused".into()),
        since: Timestamp::from_millis(NOON),
        queue_remaining: None,
        comfyui: Comfyui::default(),
        backfilled: None,
        to_backfill: None,
    });
    assert_eq!(site.get("/healthz").await.status(), 200);
    let response = site.get("/readyz").await;
    assert_eq!(response.status(), 200);
    let ready: Value = response.json().await.unwrap();
    assert_eq!(ready["instances"][0]["state"], "away");
    assert_eq!(ready["instances"][0]["since"], "2026-11-20T09:59:12.094Z");

    let _waits = site.site.live.wait_for_disk("the disk is full; free some space".into());
    let response = site.get("/readyz").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.json::<Value>().await.unwrap()["reason"], "the disk is full; free some space");
    assert_eq!(site.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn assets_are_kept_for_ever() {
    let site = TestSite::start().await;
    let page = site.page("/").await;
    let style = page.split('"').find(|part| part.starts_with("/assets/style.")).unwrap();
    let response = site.get(style).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(response.headers()["content-type"], "text/css; charset=utf-8");
    assert_eq!(site.get("/favicon.ico").await.headers()["content-type"], "image/svg+xml");
}

#[tokio::test]
async fn told_to_stop_it_finishes_the_request_in_hand_and_takes_no_other() {
    let site = TestSite::start().await;
    let url = site.serve_file("big.bin", &vec![7; 20_000_000]).await;
    let response = site.get(&url).await;
    site.shutdown.cancel();
    assert_eq!(response.bytes().await.unwrap().len(), 20_000_000);
    site.server.await.unwrap().unwrap();
    assert!(TcpStream::connect(&site.address).await.is_err());
}

#[tokio::test]
async fn told_to_stop_it_does_not_wait_for_idle_connections() {
    let site = TestSite::start().await;
    site.page("/").await;
    let _silent = TcpStream::connect(&site.address).await.unwrap();
    site.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(2), site.server).await.unwrap().unwrap().unwrap();
}

async fn asks(site: &TestSite, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream
}

#[tokio::test]
async fn visitor_is_served_though_all_connections_are_taken_by_those_that_listen_or_rest() {
    for path in ["/events", "/healthz"] {
        let site = TestSite::serving(3, SiteSettings::default()).await;
        let mut first = asks(&site, path).await;
        let (_second, _third) = (asks(&site, path).await, asks(&site, path).await);
        assert_eq!(site.get("/healthz").await.status(), 200, "{path}");
        // It had rested longest.
        let mut rest = Vec::new();
        first.read_to_end(&mut rest).await.unwrap();
    }
}

#[tokio::test]
async fn visitor_is_served_though_all_connections_are_taken_by_those_that_never_ask() {
    let site = TestSite::serving(3, SiteSettings::default()).await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(&site.address).await.unwrap());
    }
    assert_eq!(site.get("/healthz").await.status(), 200);
}
