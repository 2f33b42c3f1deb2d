//! What the table of routes says, held against what the server does: each row is asked without a secret, with a token for
//! reading, by pages of other sites, and under a foreign name.

use http::Method;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::model::Scope;
use crate::web::http::route::{Access, ErrorStyle, Sharing};
use crate::web::routes::{Row, Verb, rows};
use crate::web::testing::{TestSite, argon2, token};
use crate::web::{AccessCheck, SessionKey, SiteSettings};

const READ: &str = "a-token-for-reading-in-tests";
const GALLERY: &str = "https://gallery.example";

/// Everything that may be asked: each row by its methods, and each path by one that no row takes.
fn questions() -> Vec<(Method, String, Row)> {
    let mut questions = Vec::new();
    for row in rows() {
        let path = row.path.replace("{sha256}", &"0".repeat(64)).replace("{kind}", "prompt").replace("{name}", "a.png");
        let path =
            ["id", "gap", "output", "prompt_id"].iter().fold(path, |path, it| path.replace(&format!("{{{it}}}"), "1"));
        assert!(!path.contains('{'), "{path}");
        questions.push((method(&row), path, row));
    }
    questions
}

fn method(row: &Row) -> Method {
    match row.verb {
        Verb::Get => Method::GET,
        Verb::Post | Verb::Any => Method::POST,
    }
}

async fn guarded() -> TestSite {
    let auth = AccessCheck::new(Some(argon2("pass")), vec![token("bot", Scope::Read, READ)], SessionKey::of_tests());
    TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await
}

fn ask(site: &TestSite, method: &Method, path: &str) -> RequestBuilder {
    let request = site.client.request(method.clone(), format!("http://{}{path}", site.address));
    request.header("accept", "application/json").header("content-type", "application/x-www-form-urlencoded")
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn each_route_is_for_whom_its_row_says() {
    let site = guarded().await;
    for (method, path, row) in questions() {
        let access = row.rules.access(&method);
        let stranger = status(ask(&site, &method, &path)).await;
        assert_eq!(stranger == 401, matches!(access, Access::Read | Access::Full), "{method} {path}: {stranger}");
        let reader = status(ask(&site, &method, &path).bearer_auth(READ)).await;
        assert_ne!(reader, 401, "{method} {path}");
        // Who signs in by a wrong password is refused as well.
        let is_refused = reader == 403 && path != "/sign-in";
        assert_eq!(is_refused, access == Access::Full, "{method} {path}: {reader}");
    }
}

#[tokio::test]
async fn what_no_row_takes_is_for_who_may_do_everything() {
    let site = guarded().await;
    for (_, path, row) in questions() {
        let patched = status(ask(&site, &Method::PATCH, &path).bearer_auth(READ)).await;
        let is_open = matches!(row.rules.access, Access::Probe | Access::Anyone);
        let only_reads = path.ends_with("/bt/artifacts/list");
        assert_eq!(patched, if is_open || only_reads { 405 } else { 403 }, "{path}");
    }
}

#[tokio::test]
async fn pages_of_others_change_nothing_and_read_what_is_shared() {
    let site = TestSite::with(SiteSettings { cors_origins: vec![GALLERY.to_owned()], ..SiteSettings::default() }).await;
    let from = async |method: &Method, path: &str, origin: &str| -> Response {
        let request = ask(&site, method, path).header("origin", origin).header("sec-fetch-site", "cross-site");
        request.send().await.unwrap()
    };
    for (method, path, row) in questions() {
        let stranger = from(&method, &path, "https://evil.example").await;
        let is_checked = method == Method::POST && row.rules.access != Access::Probe;
        assert_eq!(stranger.status() == 403, is_checked, "{method} {path}: {}", stranger.status());
        assert!(!stranger.headers().contains_key("access-control-allow-origin"), "{path}");
        let named = from(&method, &path, GALLERY).await;
        assert_eq!(named.status() == 403, row.rules.changes(&method), "{method} {path}: {}", named.status());
        let is_shared = row.rules.sharing == Sharing::Shared;
        assert_eq!(named.headers().contains_key("access-control-allow-origin"), is_shared, "{method} {path}");
    }
}

#[tokio::test]
async fn the_errors_of_each_route_look_as_its_row_says() {
    let site = TestSite::start().await;
    for (method, path, row) in questions() {
        let asked = ask(&site, &method, &path).header("host", "evil.example").header("accept", "*/*");
        let response = asked.send().await.unwrap();
        if row.rules.access == Access::Probe {
            assert_eq!(response.status(), 200, "{path}");
            continue;
        }
        assert_eq!(response.status(), 421, "{method} {path}");
        let text = response.text().await.unwrap();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_right = match row.rules.errors {
            // It accepts JSON beside anything.
            ErrorStyle::Page | ErrorStyle::File | ErrorStyle::Json => json["error"]["code"] == "unknown_host",
            ErrorStyle::Prompt => json["error"]["type"] == "unknown_host" && json["node_errors"].is_object(),
            ErrorStyle::Jobs => json["error"].is_string(),
            ErrorStyle::Envelope => json["code"] == 421 && json["data"].is_null() && json["msg"].is_string(),
        };
        assert!(is_right, "{method} {path}: {text}");
        let page = site.client.request(method, format!("http://{}{path}", site.address)).header("host", "evil.example");
        let page = page.header("accept", "text/html").send().await.unwrap().text().await.unwrap();
        let is_page = matches!(row.rules.errors, ErrorStyle::Page | ErrorStyle::File);
        assert_eq!(page.starts_with("<!"), is_page, "{path}: {page}");
    }
}

#[tokio::test]
async fn every_route_of_the_api_is_described_and_every_description_has_a_route() {
    let site = TestSite::start().await;
    let document = site.json("/api/v1/openapi.json").await;
    let rows = rows();
    for row in rows.iter().filter(|row| row.path.starts_with("/api/v1/")) {
        let method = method(row).as_str().to_lowercase();
        assert!(document["paths"][row.path][&method].is_object(), "{method} {} isn't described", row.path);
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for name in methods.as_object().unwrap().keys() {
            let is_there = rows.iter().any(|row| row.path == path && method(row).as_str().eq_ignore_ascii_case(name));
            assert!(is_there, "{name} {path} has no route");
        }
    }
}
