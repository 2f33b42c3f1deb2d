//! Who asks for what isn't theirs: without a secret, with one for reading, from the page of another site.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::visitors::{says, sign_in, visitor};
use crate::support::comfyui::{ComfyUi, File, Run, picture};
use crate::support::daemon::{Daemon, Launch};
use crate::support::sha256;

const HOME: [u8; 4] = [127, 0, 0, 1];

const PASSWORD: &str = "correct horse";

const TOKEN: &str = "a-token-of-24-characters";

/// Stands in the prompt of a run, and so on every page that shows one.
const MARK: &str = "what-nobody-else-may-read";

/// What is open to everybody.
const OPEN: [&str; 3] = ["/healthz", "/sign-in", "/favicon.ico"];

async fn marked(launch: Launch) -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::start().await;
    let daemon = launch.with_token(TOKEN).environment("RECALL_PASSWORD", PASSWORD).beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let prompt = json!({"1": {"class_type": "CLIPTextEncode", "inputs": {"text": MARK}}});
    let id = comfy.run(Run::from_api().with_prompt(&prompt.to_string()).saving(File::output("a.png", picture(MARK))));
    daemon.until_whole(&id, "completed").await;
    (comfy, daemon)
}

/// Every address that there is to ask: those that the API describes, the pages, and what clients of ComfyUI ask.
async fn addresses(daemon: &Daemon) -> Vec<String> {
    let run = daemon.list("").await.remove(0);
    let file = daemon.detail(&run["id"]).await["outputs"][0]["url"].as_str().unwrap().to_owned();
    let digest = file.split('/').nth(2).unwrap();
    let described = daemon.json("/api/v1/openapi.json").await;
    let mut all: Vec<String> = described["paths"].as_object().unwrap().keys().cloned().collect();
    all.extend(
        ["/", "/g/{id}", "/status", "/api", "/cards?ids=1", "/facets", "/banners", "/metrics", "/readyz"]
            .map(str::to_owned),
    );
    all.extend(["prompt", "workflow", "outputs"].map(|kind| format!("/g/{{id}}/documents/{kind}")));
    all.extend(["/g/{id}/prompt.json", "/g/{id}/files.zip", "/history", "/queue", "/api/jobs"].map(str::to_owned));
    all.push(format!("/history/{}", run["prompt_id"].as_str().unwrap()));
    all.extend([file.clone(), format!("/thumbs/{digest}"), "/view?filename=a.png".to_owned()]);
    let filled = |path: String| {
        let parts = path
            .split_inclusive('}')
            .map(|part| part.split_once('{').map_or(part.to_owned(), |(before, _)| format!("{before}1")));
        parts.collect::<String>()
    };
    all.into_iter().map(filled).collect()
}

fn get(path: &str) -> String {
    ask("GET", path, "")
}

fn ask(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
}

#[tokio::test]
async fn however_an_address_is_written_nothing_answers_without_a_secret() {
    let (_comfy, daemon) = marked(Launch::new()).await;
    let addresses = addresses(&daemon).await;
    assert!(addresses.len() > 40, "{addresses:?}");
    let told = daemon.get("/api/v1/generations/1").await.text().await.unwrap();
    assert!(told.contains(MARK), "the mark is there to be found");
    let mut asked = Vec::new();
    for path in addresses.iter().filter(|path| !OPEN.contains(&path.as_str())) {
        for before in [
            "",
            "/panel/dark-en",
            "/panel/light-zh-CN",
            "/panel/dark-en/panel/dark-en",
            "/.",
            "/",
            "/sign-in/..",
            "http://localhost",
        ] {
            asked.push(get(&format!("{before}{path}")));
        }
        for behind in ["/", "/.", "%20", ";a=b", "%00", "/../sign-in", "?next=/sign-in", "/%2e%2e/healthz", "#/sign-in"]
        {
            asked.push(get(&format!("{path}{behind}")));
        }
        for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"] {
            asked.push(ask(method, path, ""));
        }
        for headers in [
            "Authorization: Bearer\r\n",
            "Authorization: Bearer a-token-of-24-character\r\n",
            "Authorization: Basic Og==\r\n",
            "Authorization: Basic \r\nAuthorization: Bearer x\r\n",
            "Cookie: recall-session=; recall-session=AAAAAAAAAAAAAAAA.9999999999.AAAA\r\n",
            "X-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /healthz\r\nX-Rewrite-URL: /sign-in\r\n",
            "X-HTTP-Method-Override: OPTIONS\r\n",
            "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n",
        ] {
            asked.push(ask("GET", path, headers));
        }
    }
    for said in asked.chunks(32) {
        let answers = join_all(said.iter().map(|said| says(&daemon, HOME, said))).await;
        for (said, (status, answer)) in said.iter().zip(answers) {
            assert!(!answer.contains(MARK), "{said}{answer}");
            assert!((400..500).contains(&status), "{said}{answer}");
        }
    }
    for path in OPEN {
        let (status, answer) = says(&daemon, HOME, &get(path)).await;
        assert!(status == 200 && !answer.contains(MARK), "{answer}");
    }
}

#[tokio::test]
async fn a_token_for_reading_is_told_no_secret_and_no_path_of_this_machine() {
    const READ: &str = "a-token-for-reading-alone";
    const SECRETS: [&str; 6] =
        ["hunter-1", "hunter-2", "hunter-3", "hunter-4-hunter-4-hunter-4", "hook-path", "aHVudGVyL"];
    let folder = tempfile::tempdir().unwrap();
    let comfy = ComfyUi::start().await;
    let (config, address) = (folder.path().join("config.toml"), comfy.address());
    let table = format!(
        "password = \"hunter-1\"\n[[token]]\nname = \"bot\"\nhash = \"sha256:{}\"\nscope = \"read\"\n\
         [[comfyui]]\nurl = \"http://hunter-2:hunter-3@{address}/\"\nheaders = {{ X-Key = \"hunter-3\" }}\n\
         [[webhook]]\nurl = \"http://127.0.0.1:9/hook-path\"\nsecret = \"hunter-4-hunter-4-hunter-4\"\n",
        sha256(READ.as_bytes()),
    );
    std::fs::write(&config, table).unwrap();
    let daemon = Launch::new().showing(READ).argument("--config").argument(&config).start().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(Run::from_api().saving(File::output("a.png", picture("a"))));
    daemon.until_whole(&id, "completed").await;
    let paths = [daemon.data_dir(), folder.path()].map(|path| path.display().to_string());
    for path in addresses(&daemon).await {
        let response = daemon.get(&path).await;
        assert!(response.status() != 401, "{path}");
        if path.ends_with("/events") || path.ends_with(".zip") {
            continue;
        }
        let told = format!("{:?}", response.headers()) + &String::from_utf8_lossy(&response.bytes().await.unwrap());
        for secret in
            SECRETS.iter().copied().chain(paths.iter().map(String::as_str)).chain([READ, "$argon2", "session.key"])
        {
            assert!(!told.contains(secret), "{path} tells {secret}");
        }
    }
    let posted = visitor()
        .post(format!("{}/preferences", daemon.url()))
        .bearer_auth(READ)
        .body("theme=dark")
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 403);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing_and_their_guesses_lock_nobody_out() {
    let (_comfy, daemon) = marked(Launch::new().argument("--cors-origin").argument("https://gallery.example")).await;
    let ours = daemon.url().to_owned();
    let port = ours.rsplit(':').next().unwrap().to_owned();
    let origins = [
        "null",
        "https://evil.example",
        "https://gallery.example",
        "http://localhost",
        "http://localhost:1",
        &ours.replace("http", "https").replace(&port, "1"),
        &format!("{ours}.evil.example"),
        &format!("http://evil.example@127.0.0.1:{port}"),
        &format!("http://127.0.0.1:{port}@evil.example"),
        &format!("http://localhost:{port}"),
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "data:",
        "",
        "http://",
        "x",
    ];
    let mut headers: Vec<[(&str, String); 2]> =
        origins.iter().map(|origin| [("origin", (*origin).to_owned()), ("accept", "*/*".to_owned())]).collect();
    headers.extend(
        ["cross-site", "same-site", "CROSS-SITE", "", "x", "none, cross-site"]
            .map(|site| [("sec-fetch-site", site.to_owned()), ("origin", ours.clone())]),
    );
    for pair in &headers {
        for (path, body) in [
            ("/sign-in", "password=wrong"),
            ("/sign-in", "password=correct+horse"),
            ("/sign-out", ""),
            ("/preferences", "theme=dark"),
            ("/gaps/1/dismiss", ""),
            ("/panel/dark-en/preferences", "theme=dark"),
        ] {
            let request = visitor().post(format!("{ours}{path}")).bearer_auth(TOKEN).body(body);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let request = pair.iter().fold(request, |request, (name, value)| request.header(*name, value));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} {pair:?}");
            assert!(!answer.headers().contains_key("set-cookie"), "{path} {pair:?}");
        }
    }
    // More than a hundred wrong passwords were shown, by pages of others.
    assert_eq!(sign_in(&daemon, PASSWORD, &[]).await.status(), 303);
}

#[tokio::test]
async fn pages_of_other_origins_read_nothing_however_like_one_of_ours_they_are_called() {
    let launch = Launch::new().argument("--cors-origin").argument("https://gallery.example");
    let (comfy, daemon) = marked(launch).await;
    let (host, port) = ("localhost", comfy.address().port());
    let may_read = async |origin: &str, method: &str| {
        let method = method.parse().unwrap();
        let request = visitor().request(method, format!("{}/api/v1/generations", daemon.url())).bearer_auth(TOKEN);
        let request = request.header("host", host).header("access-control-request-method", "GET");
        let request = request.header("access-control-request-private-network", "true");
        let answer = request.header("origin", origin).send().await.unwrap();
        let names = answer.headers().keys().filter(|name| name.as_str().starts_with("access-control-allow"));
        names.count() > 0
    };
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(
            may_read("https://gallery.example", method).await
                && may_read(&format!("http://localhost:{port}"), method).await
        );
        for origin in [
            "null",
            "",
            "*",
            "https://evil.example",
            "http://gallery.example",
            "https://gallery.example:444",
            "https://gallery.example.evil.example",
            "https://evilgallery.example",
            "https://gallery.example/",
            "https://GALLERY.example",
            "https://gallery.example@evil.example",
            "https://gallery.example https://evil.example",
            "file://",
            "chrome-extension://abcdefghijklmnop",
            &format!("https://localhost:{port}"),
            &format!("http://localhost.:{port}"),
            &format!("http://127.0.0.2:{port}"),
            &format!("http://[::1]:{}", port.wrapping_add(1)),
            &format!("http://127.1:{}", port.wrapping_add(1)),
            &format!("http://evil.example:{port}"),
            &format!("ws://localhost:{port}"),
        ] {
            assert!(!may_read(origin, method).await, "{method} {origin}");
        }
    }
}

#[tokio::test]
async fn a_hundred_passwords_at_once_are_ten_attempts_however_long_they_are() {
    let (_comfy, daemon) = marked(Launch::new()).await;
    let session = sign_in(&daemon, PASSWORD, &[]).await.headers()["set-cookie"].to_str().unwrap().to_owned();
    let session = session.split(';').next().unwrap().to_owned();
    let long = "x".repeat(60_000);
    let guesses = join_all((0..100).map(|nth| {
        let guess = if nth % 2 == 0 { format!("{long}{nth}") } else { format!("guess{nth}") };
        let daemon = &daemon;
        async move { sign_in(daemon, &guess, &[]).await.status().as_u16() }
    }));
    let statuses = guesses.await;
    let tried = statuses.iter().filter(|status| **status == 403).count();
    assert!(tried <= 10 && statuses.iter().all(|status| [403, 429].contains(status)), "{statuses:?}");
    assert_eq!(sign_in(&daemon, PASSWORD, &[]).await.status(), 429, "whoever shares the address waits too");
    // Who is in stays in, also behind a cookie that another program of this host has set before.
    for cookie in
        [session.clone(), format!("recall-session=planted; {session}"), format!("{session}; recall-session=planted")]
    {
        let request = visitor().get(format!("{}/api/v1/generations", daemon.url())).header("cookie", &cookie);
        assert_eq!(request.send().await.unwrap().status(), 200, "{cookie}");
    }
    assert!(daemon.get("/").await.status().is_success());
    let (_, peak) = daemon.memory();
    assert!(peak < 200 << 20, "{peak} bytes");
}

#[tokio::test]
async fn nobody_is_led_elsewhere_by_what_an_address_or_a_form_names() {
    let (_comfy, daemon) = marked(Launch::new()).await;
    let evil = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https:evil.example",
        "https:/evil.example",
        "HTTPS://evil.example/",
        "//evil.example/..",
        "/..//evil.example",
        "/;@evil.example",
        "@evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/g/1\r\nSet-Cookie: a=b",
        "/g/1\r\n\r\n<script>",
        "/panel/dark-en//evil.example",
        "/panel/dark-en/\\evil.example",
        "http://localhost@evil.example/",
        "%2f%2fevil.example",
        "／／evil.example",
    ];
    for named in evil {
        let form = |fields: &[(&str, &str)]| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        };
        for (path, fields) in [
            ("/sign-in", [("password", PASSWORD), ("next", named)]),
            ("/preferences", [("theme", "dark"), ("back", named)]),
            ("/panel/dark-en/preferences", [("theme", "dark"), ("back", named)]),
        ] {
            let request = visitor().post(format!("{}{path}", daemon.url())).bearer_auth(TOKEN).body(form(&fields));
            let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
            let to = answer.headers()["location"].to_str().unwrap();
            let led = url::Url::parse(daemon.url()).unwrap().join(to).unwrap();
            assert_eq!(led.origin(), url::Url::parse(daemon.url()).unwrap().origin(), "{path} {named:?} → {to}");
            assert!(to.starts_with('/') && !to.starts_with("//"), "{path} {named:?} → {to}");
            assert!(answer.headers().get_all("set-cookie").iter().all(|cookie| cookie != "a=b"), "{named:?}");
        }
        // A page that asks for a sign-in, of an address that was made elsewhere.
        let path = format!("/{}", named.replace(['\r', '\n', '\t', ' '], ""));
        let page = "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\n";
        let (status, answer) = says(&daemon, HOME, &ask("GET", &path, page)).await;
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        let to = head.lines().find_map(|line| line.strip_prefix("location: "));
        assert!(
            to.is_none_or(|to| to.starts_with("/sign-in") || to.starts_with("/panel/dark-en/sign-in")),
            "{path} {status} {head}"
        );
    }
}

#[tokio::test]
async fn what_is_asked_for_becomes_no_path_no_header_and_no_failure() {
    let (_comfy, daemon) = marked(Launch::new()).await;
    let key = std::fs::read(daemon.data_dir().join("session.key")).unwrap();
    let own = daemon.data_dir().join("recall.db").display().to_string();
    let digest =
        daemon.detail(&daemon.list("").await[0]["id"]).await["outputs"][0]["sha256"].as_str().unwrap().to_owned();
    let names = [
        "../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "..%252f..%252fetc%252fpasswd",
        "..\\..\\..\\etc\\passwd",
        "..%5c..%5cetc%5cpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        ".%00./etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "file:%2f%2f%2fetc%2fpasswd",
        "C:%5cWindows%5cwin.ini",
        "%5c%5cserver%5cshare%5cx",
        "con",
        "aux.txt",
        "a.png::$DATA",
        "a.png%00.txt",
        "~root/.bashrc",
        "%ff%fe",
        "%c0%ae%c0%ae/etc/passwd",
        "..;/..;/etc/passwd",
        "session.key",
        "..%2fsession.key",
        "%0d%0aSet-Cookie:%20planted=1",
        "%0aLocation:%20http://evil.example",
        "%e5%98%8a%e5%98%8dSet-Cookie:planted=1",
        &own,
    ];
    let mut asked = Vec::new();
    for name in names {
        for path in [
            "/files/{}",
            "/thumbs/{}",
            "/assets/{}",
            "/g/{}",
            "/g/1/documents/{}",
            "/history/{}",
            "/api/jobs/{}",
            "/bt/artifacts/{}",
        ] {
            asked.push(path.replace("{}", name));
        }
        asked.push(format!("/files/{digest}/{name}"));
        for query in
            ["filename={}", "filename=a.png&subfolder={}", "filename=a.png&type={}", "filename={}&preview=webp"]
        {
            asked.push(format!("/view?{}", query.replace("{}", name)));
        }
    }
    let numbers = [
        "-1",
        "0",
        "1e9",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "0x10",
        "%2b1",
        "NaN",
        "١",
        "",
        "1.5",
    ];
    for number in numbers {
        for path in [
            "/?limit={}",
            "/?next={}",
            "/?prev={}",
            "/?date={}",
            "/?q=seed:{}",
            "/?q=after:{}",
            "/g/{}",
            "/cards?ids={}",
            "/api/v1/generations?limit={}",
            "/api/v1/generations?next={}",
            "/api/v1/generations/{}",
            "/api/v1/generations/{}/outputs/{}",
            "/api/v1/generations.zip?ids={}",
            "/api/v1/days?tz={}&month={}",
            "/api/v1/days?month=999999-{}",
            "/api/v1/suggest?q=a&at={}",
            "/history?max_items={}&offset={}",
            "/api/jobs?limit={}&offset={}",
            "/bt/artifacts/{}",
        ] {
            asked.push(path.replace("{}", number));
        }
    }
    let mut requests: Vec<String> =
        asked.iter().map(|path| ask("GET", path, &format!("Authorization: Bearer {TOKEN}\r\n"))).collect();
    let file = format!("/files/{digest}/a.png");
    for header in [
        "Range: bytes=0-18446744073709551615",
        "Range: bytes=18446744073709551615-18446744073709551616",
        "Range: bytes=-18446744073709551616",
        "Range: bytes=9-1",
        "Range: bytes=0-0,0-0,0-0,0-0",
        "Range: bytes=--1",
        "If-None-Match: \"",
        "If-None-Match: W/",
        "If-Range: \u{ff}",
        "If-Modified-Since: Thu, 99 Jan 99999 00:00:00 GMT",
        "Cookie: recall-theme=<script>; recall-tz=../../etc/passwd; recall-lang=\u{202e}",
        "Accept-Language: a;q=NaN,*;q=1e999",
        "Last-Event-ID: 99999999999999999999",
    ] {
        for path in [&file, "/", "/view?filename=a.png"] {
            requests.push(ask("GET", path, &format!("Authorization: Bearer {TOKEN}\r\n{header}\r\n")));
        }
    }
    for said in requests.chunks(32) {
        for (said, (status, answer)) in
            said.iter().zip(join_all(said.iter().map(|said| says(&daemon, HOME, said))).await)
        {
            let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
            assert!(status < 500, "{said}{answer}");
            assert!(!answer.contains("root:") && !answer.contains("SQLite format"), "{said}{answer}");
            assert!(!answer.as_bytes().windows(16).any(|part| key.starts_with(part)), "{said}");
            let has_planted =
                |line: &str| line.starts_with("set-cookie: planted") || line.starts_with("location: http");
            assert!(!head.lines().any(has_planted), "{said}{head}");
        }
    }
    let value: Value = daemon.json("/readyz").await;
    assert!(value.is_object());
}
