//! Every error that a client can meet, met by a request: its status, its shape, its headers. A code that no request here
//! brings about fails the test.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::model::{MediaKind, Scope, Status};
use crate::store::{NewContent, Save};
use crate::web::http::code::Code;
use crate::web::testing::{TestSite, argon2, file, output, run, token};
use crate::web::{AccessCheck, SessionKey, SiteSettings};

/// Whose shape an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Ours,
    ComfyuiPrompt,
    ComfyuiJobs,
    Plugin,
}

/// What was met so far.
#[derive(Default)]
struct Walk {
    met: BTreeSet<Code>,
}

impl Walk {
    /// Sends a request that must fail so; gives the headers of the answer and its text for people.
    async fn meet(&mut self, code: Code, shape: Shape, request: RequestBuilder) -> (HeaderMap, String) {
        let response = request.send().await.unwrap();
        let at = format!("{} for {}", code.as_str(), response.url().path());
        self.look(code, shape, response, &at).await
    }

    async fn look(&mut self, code: Code, shape: Shape, response: Response, at: &str) -> (HeaderMap, String) {
        let (status, headers) = (response.status(), response.headers().clone());
        assert_eq!(status.as_u16(), code.status().as_u16(), "{at}");
        let kind = if shape == Shape::Ours { "application/json" } else { "application/json; charset=utf-8" };
        assert_eq!(headers["content-type"], kind, "{at}");
        assert_eq!(headers["cache-control"], "no-store", "{at}");
        let id = headers["x-request-id"].to_str().unwrap();
        let body: Value = response.json().await.unwrap();
        let text = self.shaped(code, shape, &body, at);
        assert_eq!(text.contains(&format!("under request {id}")), status.is_server_error(), "{at}: {text}");
        (headers, text)
    }

    /// Checks the body; gives its text for people.
    fn shaped(&mut self, code: Code, shape: Shape, body: &Value, at: &str) -> String {
        let (word, status) = (code.as_str(), code.status().as_u16());
        let message = match shape {
            Shape::Ours | Shape::ComfyuiPrompt => &body["error"]["message"],
            Shape::ComfyuiJobs => &body["error"],
            Shape::Plugin => &body["msg"],
        };
        let whole = match shape {
            Shape::Ours => json!({"error": {"code": word, "message": message}}),
            Shape::ComfyuiPrompt => json!({
                "error": {"type": word, "message": message, "details": "", "extra_info": {}},
                "node_errors": {},
            }),
            Shape::ComfyuiJobs => json!({"error": message}),
            Shape::Plugin => json!({"code": status, "msg": message, "data": null}),
        };
        assert_eq!(*body, whole, "{at}");
        let text = message.as_str().unwrap_or_else(|| panic!("{at}: {body}")).to_owned();
        assert!(text.len() >= 10 && !text.ends_with('.'), "{at}: {text}");
        self.met.insert(code);
        text
    }
}

/// A request that would change something.
fn post(site: &TestSite, path: &str, body: &str) -> RequestBuilder {
    let request = site.client.post(format!("http://{}{path}", site.address)).body(body.to_owned());
    request.header("content-type", "application/x-www-form-urlencoded").header("accept", "application/json")
}

#[tokio::test]
async fn every_error_has_its_code_its_shape_and_its_headers() {
    let mut walk = Walk::default();
    what_is_not_there(&mut walk).await;
    what_cannot_be_read(&mut walk).await;
    who_may_not(&mut walk).await;
    what_breaks(&mut walk).await;
    let unmet: Vec<_> = Code::ALL.iter().filter(|code| !walk.met.contains(code)).collect();
    assert!(unmet.is_empty(), "no request here meets {unmet:?}");
}

async fn what_is_not_there(walk: &mut Walk) {
    let site = TestSite::start().await;
    let attachments = vec![
        output(MediaKind::Image, NewContent::Wanted(file("later.png"))),
        output(MediaKind::Image, NewContent::Missing(file("gone.png"), "deleted".into())),
    ];
    let id = site.save(Save { attachments, ..run("p", Status::Completed, 0) }).await;
    let (run, nothing) = (format!("/api/v1/generations/{id}"), "0".repeat(64));
    let output = async |place: usize| {
        let listed = site.json(&format!("{run}/outputs")).await;
        format!("{run}/outputs/{}", listed["outputs"][place]["id"])
    };
    for (code, path) in [
        (Code::NotFound, "/api/v1/nothing".to_owned()),
        (Code::NotFound, "/api/".to_owned()),
        (Code::NoGeneration, "/api/v1/generations/999".to_owned()),
        (Code::NoGeneration, "/api/v1/generations/x%FF".to_owned()),
        (Code::NoGeneration, "/api/v1/generations.zip?ids=999".to_owned()),
        (Code::NoDocument, format!("{run}/workflow")),
        (Code::NoOutput, format!("{run}/outputs/9")),
        (Code::OutputPending, output(0).await),
        (Code::OutputMissing, output(1).await),
        (Code::NoFile, format!("/files/{nothing}/a.png")),
        (Code::NoFile, format!("/thumbs/{nothing}")),
    ] {
        walk.meet(code, Shape::Ours, site.request(&path)).await;
    }
    for (code, shape, path) in [
        (Code::NotFound, Shape::ComfyuiPrompt, "/upload/nothing"),
        (Code::NoFile, Shape::ComfyuiPrompt, "/view?filename=nothing.png"),
        (Code::NoJob, Shape::ComfyuiJobs, "/api/jobs/nothing"),
        (Code::NoGeneration, Shape::Plugin, "/bt/artifacts/999"),
        (Code::NotFound, Shape::Plugin, "/bt/nothing"),
    ] {
        walk.meet(code, shape, site.request(path)).await;
    }
    let url = site.serve_file("a.bin", b"0123456789").await;
    let (headers, _) = walk.meet(Code::Range, Shape::Ours, site.request(&url).header("range", "bytes=10-")).await;
    assert_eq!(headers["content-range"], "bytes */10");
}

async fn what_cannot_be_read(walk: &mut Walk) {
    let site = TestSite::start().await;
    for path in ["/api/v1/generations?limit=0", "/api/v1/days?date=x", "/api/v1/generations.zip?ids=x"] {
        walk.meet(Code::BadParameter, Shape::Ours, site.request(path)).await;
    }
    for (shape, path) in [
        (Shape::ComfyuiPrompt, "/history?max_items=x"),
        (Shape::ComfyuiPrompt, "/view?filename="),
        (Shape::ComfyuiJobs, "/api/jobs?status=x"),
    ] {
        walk.meet(Code::BadRequest, shape, site.request(path)).await;
    }
    walk.meet(Code::BadRequest, Shape::Plugin, post(&site, "/bt/artifacts/list", "[")).await;
    walk.meet(Code::BadForm, Shape::Ours, post(&site, "/preferences", "theme=x")).await;
    for path in ["/api/v1/generations", "/healthz", "/events"] {
        let (headers, _) = walk.meet(Code::Method, Shape::Ours, post(&site, path, "")).await;
        assert_eq!(headers["allow"], "GET,HEAD", "{path}");
    }
    for path in ["/prompt", "/interrupt", "/api/queue", "/history"] {
        let (headers, _) = walk.meet(Code::ReadOnly, Shape::ComfyuiPrompt, post(&site, path, "")).await;
        assert_eq!(headers["allow"], "GET,HEAD", "{path}");
    }
    let foreign = site.request("/api/v1/generations").header("host", "evil.example");
    assert!(walk.meet(Code::UnknownHost, Shape::Ours, foreign).await.1.contains("--allow-host"));
    nameless(walk, &site).await;
}

/// Without a Host header, which no client of ours can leave out.
async fn nameless(walk: &mut Walk, site: &TestSite) {
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream.write_all(b"GET /api/v1/status HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.0 400") && head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert!(head.contains("\r\nx-request-id: "), "{head}");
    walk.shaped(Code::HostMissing, Shape::Ours, &serde_json::from_str(body).unwrap(), "a request without a name");
}

async fn who_may_not(walk: &mut Walk) {
    let auth = AccessCheck::new(
        Some(argon2("pass")),
        vec![token("bot", Scope::Read, "a-token-for-reading-in-tests")],
        SessionKey::of_tests(),
    );
    let site = TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await;
    for (shape, path) in [
        (Shape::Ours, "/api/v1/generations"),
        (Shape::Ours, "/api"),
        (Shape::Ours, "/files/x/y"),
        (Shape::ComfyuiPrompt, "/history"),
        (Shape::ComfyuiJobs, "/api/jobs"),
        (Shape::Plugin, "/bt/artifacts/1"),
    ] {
        let (headers, _) = walk.meet(Code::Unauthorized, shape, site.request(path)).await;
        let asked: Vec<_> = headers.get_all("www-authenticate").iter().collect();
        assert_eq!(
            asked,
            ["Basic realm=\"comfy-recall\", charset=\"UTF-8\"", "Bearer realm=\"comfy-recall\""],
            "{path}"
        );
    }
    let form = || post(&site, "/preferences", "theme=dark");
    walk.meet(Code::ReadOnlyToken, Shape::Ours, form().bearer_auth("a-token-for-reading-in-tests")).await;
    let foreign = form().basic_auth("x", Some("pass")).header("origin", "https://evil.example");
    walk.meet(Code::ForeignOrigin, Shape::Ours, foreign).await;
    let guess = || site.request("/api/v1/generations").bearer_auth("guess");
    for _ in 0..10 {
        walk.meet(Code::Unauthorized, Shape::Ours, guess()).await;
    }
    let (headers, text) = walk.meet(Code::TooMany, Shape::Ours, guess()).await;
    let seconds: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0 && text.contains(&format!("in {seconds} seconds")), "{text}");
}

async fn what_breaks(walk: &mut Walk) {
    let site = TestSite::start().await;
    let other = rusqlite::Connection::open(site.folder().join("search.db")).unwrap();
    other.execute_batch("DROP TABLE segments").unwrap();
    let (_, text) = walk.meet(Code::Index, Shape::Ours, site.request("/api/v1/generations?q=fox")).await;
    assert!(text.contains("being rebuilt"), "{text}");

    let site = TestSite::start().await;
    site.site.store.clone().close().await.unwrap();
    for (shape, path) in [
        (Shape::Ours, "/api/v1/generations"),
        (Shape::Ours, "/metrics"),
        (Shape::ComfyuiPrompt, "/history"),
        (Shape::ComfyuiJobs, "/api/jobs"),
        (Shape::Plugin, "/bt/artifacts/1"),
    ] {
        let (_, text) = walk.meet(Code::Internal, shape, site.request(path)).await;
        assert!(!text.contains("sql") && !text.contains("closed"), "{path}: {text}");
    }
}

#[test]
fn no_two_codes_have_one_word() {
    let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
}
