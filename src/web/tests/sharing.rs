//! Pages of other sites, and the numbers of requests.

use http::Method;
use reqwest::Response;
use serde_json::Value;

use crate::model::Scope;
use crate::web::testing::{TestSite, token};
use crate::web::{AccessCheck, SessionKey, SiteSettings};

const GALLERY: &str = "https://gallery.example";

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn shared() -> TestSite {
    let auth = AccessCheck::new(
        None,
        vec![token("site", Scope::Read, "a-token-for-reading-in-tests")],
        SessionKey::of_tests(),
    );
    let cors_origins = vec![GALLERY.to_owned()];
    let comfyui_origins = vec!["http://127.0.0.1:8188/".to_owned()];
    TestSite::with(SiteSettings { auth, cors_origins, comfyui_origins, ..SiteSettings::default() }).await
}

async fn ask(site: &TestSite, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = site.client.request(method, format!("http://{}{path}", site.address));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

#[tokio::test]
async fn a_named_site_reads_with_its_token_and_is_told_so_before() {
    let site = shared().await;
    let asks = [
        ("origin", GALLERY),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    for path in ["/api/v1/generations", "/history", "/view", "/bt/artifacts/list", "/files/x/y", "/thumbs/x", "/events"]
    {
        let before = ask(&site, Method::OPTIONS, path, &asks).await;
        assert_eq!(before.status(), 204, "{path}");
        assert_eq!(header(&before, "access-control-allow-origin"), GALLERY, "{path}");
        assert_eq!(header(&before, "access-control-allow-credentials"), "true", "{path}");
        assert_eq!(header(&before, "access-control-allow-methods"), "GET, HEAD, POST");
        for wanted in ["authorization", "content-type", "if-none-match", "range", "last-event-id"] {
            assert!(header(&before, "access-control-allow-headers").contains(wanted), "{wanted}");
        }
        assert!(before.headers().get_all("vary").iter().any(|value| value == "origin"));
    }
    let read = ask(
        &site,
        Method::GET,
        "/api/v1/generations",
        &[("origin", GALLERY), ("authorization", "Bearer a-token-for-reading-in-tests")],
    )
    .await;
    assert_eq!((read.status().as_u16(), header(&read, "access-control-allow-origin").as_str()), (200, GALLERY));
    assert!(header(&read, "access-control-expose-headers").contains("etag"));
    // Why it may not read is told, too.
    let refused = ask(&site, Method::GET, "/api/v1/generations", &[("origin", GALLERY)]).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "access-control-allow-origin").as_str()), (401, GALLERY));
}

#[tokio::test]
async fn other_sites_and_pages_are_told_nothing() {
    let site = shared().await;
    for (path, origin) in [
        ("/api/v1/generations", "https://evil.example"),
        ("/api/v1/generations", "null"),
        ("/api/v1/generations", "https://gallery.example.evil"),
        ("/status", GALLERY),
        ("/", GALLERY),
        ("/sign-in", GALLERY),
    ] {
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("authorization", "Bearer a-token-for-reading-in-tests"),
        ];
        let before = ask(&site, Method::OPTIONS, path, &asks).await;
        assert_eq!(
            (before.status().is_success(), header(&before, "access-control-allow-origin").as_str()),
            (false, ""),
            "{path} {origin}"
        );
        let read = ask(&site, Method::GET, path, &asks).await;
        assert_eq!(header(&read, "access-control-allow-origin"), "", "{path} {origin}");
    }
    let vary = ask(&site, Method::GET, "/api/v1/generations", &[]).await;
    assert!(vary.headers().get_all("vary").iter().any(|value| value == "origin"));
}

#[tokio::test]
async fn pages_of_comfyui_read_but_not_in_the_name_of_who_is_signed_in() {
    let site = shared().await;
    let headers = [("origin", "http://localhost:8188"), ("authorization", "Bearer a-token-for-reading-in-tests")];
    let read = ask(&site, Method::GET, "/api/v1/generations", &headers).await;
    assert_eq!(header(&read, "access-control-allow-origin"), "http://localhost:8188");
    assert_eq!(header(&read, "access-control-allow-credentials"), "");
    // Under a name that isn't ours, a page on its port is nobody's ComfyUI.
    let rebound =
        [("origin", "http://evil.example:8188"), ("host", "evil.example"), ("access-control-request-method", "GET")];
    let before = ask(&site, Method::OPTIONS, "/api/v1/generations", &rebound).await;
    assert_eq!((before.status().as_u16(), header(&before, "access-control-allow-origin").as_str()), (421, ""));
}

#[tokio::test]
async fn a_named_site_changes_nothing() {
    let site = TestSite::with(SiteSettings { cors_origins: vec![GALLERY.to_owned()], ..SiteSettings::default() }).await;
    for origin in [GALLERY, "https://evil.example"] {
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
        let response = ask(&site, Method::POST, "/preferences", &headers).await;
        assert_eq!(response.status(), 403, "{origin}");
    }
}

#[tokio::test]
async fn every_answer_has_a_number_and_a_failure_names_it() {
    let site = TestSite::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/healthz", "/nowhere", "/api/v1/generations", "/assets/x", "/?limit=x"] {
        let id = header(&site.get(path).await, "x-request-id");
        assert!(id.len() == 16 && seen.insert(id.clone()), "{path}: {id}");
    }
    let mine = site.request("/").header("x-request-id", "mine").send().await.unwrap();
    assert_ne!(header(&mine, "x-request-id"), "mine", "nobody trusted said so");
    site.site.store.clone().close().await.unwrap();
    let failed = site.get("/api/v1/generations").await;
    let id = header(&failed, "x-request-id");
    let error: Value = failed.json().await.unwrap();
    assert!(error["error"]["message"].as_str().unwrap().ends_with(&format!("under request {id}")), "{error}");
}

#[tokio::test]
async fn the_number_of_a_trusted_proxy_is_kept() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let site = TestSite::with(SiteSettings { proxies, ..SiteSettings::default() }).await;
    let kept = site.request("/healthz").header("x-request-id", "edge-42").send().await.unwrap();
    assert_eq!(header(&kept, "x-request-id"), "edge-42");
}
