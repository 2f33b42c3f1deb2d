//! Whoever may connect and isn't meant to come in, to be told anything, or to keep others out.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::DEADLINE;
use crate::support::daemon::{Daemon, Launch};

/// As many as there may be at the same time.
const ALL: usize = 512;

/// By when others are served, whatever these do. On a machine with nothing else to do it is a third of that.
const SERVED: Duration = Duration::from_secs(45);

const TOKEN: &str = "a-token-of-24-characters";

pub(super) fn visitor() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(Policy::none()).timeout(DEADLINE).build().unwrap()
}

fn address(daemon: &Daemon) -> SocketAddr {
    daemon.url().strip_prefix("http://").unwrap().parse().unwrap()
}

/// One that takes little at once of what it is sent.
pub(super) async fn connect(daemon: &Daemon, from: [u8; 4]) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind(SocketAddr::new(IpAddr::from(from), 0))?;
    socket.connect(address(daemon)).await
}

/// So many that say this and nothing more, and read nothing.
async fn all_say(daemon: &Daemon, from: [u8; 4], said: &str) -> Vec<TcpStream> {
    let one = async || {
        let mut stream = connect(daemon, from).await?;
        // Where the process may open few files, some are sent away already.
        let _ = stream.write_all(said.as_bytes()).await;
        Ok::<_, io::Error>(stream)
    };
    let all = join_all((0..ALL).map(|_| one())).await;
    let all: Vec<TcpStream> = all.into_iter().map(|one| one.unwrap()).collect();
    assert_eq!(all.len(), ALL);
    all
}

/// Whoever comes from there is served, each time on a connection of its own.
async fn is_served(daemon: &Daemon, from: [u8; 4]) {
    for _ in 0..3 {
        let began = Instant::now();
        let (status, _) =
            says(daemon, from, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert_eq!(status, 200);
        assert!(began.elapsed() <= SERVED, "{:?}", began.elapsed());
    }
}

/// What is answered to these bytes: the status, and all of it.
pub(super) async fn says(daemon: &Daemon, from: [u8; 4], said: &str) -> (u16, String) {
    let mut stream = connect(daemon, from).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("no answer").unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer}")), answer)
}

pub(super) async fn sign_in(daemon: &Daemon, password: &str, headers: &[(&str, &str)]) -> Response {
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("password", password).finish();
    let request = visitor().post(format!("{}/sign-in", daemon.url())).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_never_come_keep_nobody_out_and_are_not_waited_for_long() {
    let daemon = Launch::new().environment("RECALL_PASSWORD", "correct horse").start().await;
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let mut all = all_say(&daemon, [127, 0, 0, 1], &format!("{head}Content-Length: 100\r\n\r\npass")).await;
    is_served(&daemon, [127, 0, 0, 1]).await;
    is_served(&daemon, [127, 0, 0, 2]).await;
    assert_eq!(sign_in(&daemon, "correct horse", &[]).await.status(), 303);
    // One that drips is ended as well: the whole is due.
    let dripping = async |stream: &mut TcpStream| {
        while stream.write_all(b"x").await.is_ok() {
            if timeout(Duration::from_secs(1), stream.read(&mut [0; 64])).await.is_ok() {
                break;
            }
        }
    };
    timeout(DEADLINE, join_all(all.iter_mut().map(dripping))).await.expect("they are waited for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_keep_nobody_out() {
    let daemon = Launch::new().environment("RECALL_PASSWORD", "correct horse").start().await;
    let page = daemon.get("/sign-in").await.text().await.unwrap();
    let style = page.split('"').find(|part| part.starts_with("/assets/style.")).unwrap();
    // More than any buffer on the way takes.
    let asked = format!("GET {style} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(100);
    let all = all_say(&daemon, [127, 0, 0, 1], &asked).await;
    is_served(&daemon, [127, 0, 0, 1]).await;
    is_served(&daemon, [127, 0, 0, 2]).await;
    drop(all);
}

#[tokio::test]
async fn names_that_are_not_ours_are_refused_however_they_are_written() {
    let daemon = Launch::new().start().await;
    let get = "GET /api/v1/generations HTTP/1.1\r\nConnection: close\r\n";
    for (said, status) in [
        (format!("{get}Host: localhost\r\n\r\n"), 200),
        (format!("{get}Host: [::1]:8588\r\n\r\n"), 200),
        (format!("{get}Host: [::1]evil.example\r\n\r\n"), 421),
        (format!("{get}Host: [::1]:80evil.example\r\n\r\n"), 421),
        (format!("{get}Host: [::1]@evil.example\r\n\r\n"), 421),
        (format!("{get}Host: localhost\r\nHost: evil.example\r\n\r\n"), 400),
        (format!("{get}Host: evil.example\r\nHost: localhost\r\n\r\n"), 400),
        (format!("{get}Host: localhost\r\nHost: localhost\r\n\r\n"), 400),
        (format!("{get}\r\n"), 400),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n".to_owned(), 405),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 405),
    ] {
        let (given, answer) = says(&daemon, [127, 0, 0, 1], &said).await;
        assert_eq!(given, status, "{said}{answer}");
        assert!(!answer.to_lowercase().contains("\r\nlocation:"), "{answer}");
    }
}

#[tokio::test]
async fn a_browser_beside_a_trusted_proxy_gets_nothing_by_speaking_as_the_proxy() {
    let launch = Launch::new().argument("--trusted-proxy").argument("127.0.0.1");
    let daemon = launch.argument("--allow-host").argument("recall.example.org").start().await;
    daemon
        .until("the warning", async |daemon| daemon.log().contains("neither a password nor a token").then_some(()))
        .await;
    let ask = async |host: &str, header: (&str, &str)| {
        let request = visitor().get(format!("{}/api/v1/generations", daemon.url()));
        request.header("host", host).header(header.0, header.1).send().await.unwrap().status().as_u16()
    };
    for said in
        [("x-forwarded-host", "localhost"), ("forwarded", "host=localhost"), ("x-forwarded-host", "recall.example.org")]
    {
        assert_eq!(ask("evil.example:8080", said).await, 421, "{said:?}");
        assert_eq!(ask("recall.example.org", said).await, 200, "{said:?}");
    }
}

#[tokio::test]
async fn guesses_from_ever_new_addresses_of_a_proxy_are_counted_together() {
    let launch = Launch::new().environment("RECALL_PASSWORD", "guess59").environment("RECALL_TOKEN", TOKEN);
    let daemon = launch.argument("--trusted-proxy").argument("127.0.0.1").start().await;
    let mut statuses = Vec::new();
    for nth in 0..60 {
        let from = format!("10.0.0.{nth}");
        statuses.push(sign_in(&daemon, &format!("guess{nth}"), &[("x-forwarded-for", &from)]).await.status().as_u16());
    }
    assert!(statuses.iter().filter(|status| **status == 403).count() <= 40, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "the right one came too late: {statuses:?}");
    let list = visitor().get(format!("{}/api/v1/generations", daemon.url())).bearer_auth(TOKEN);
    assert_eq!(list.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_that_can_be_guessed_lets_nothing_start() {
    for short in ["abc", "a-token-of-23-character"] {
        let (status, log) = Launch::new().environment("RECALL_TOKEN", short).refuse().await;
        assert_eq!(status.code(), Some(2));
        assert!(log.contains("at least 24 random characters") && log.contains("comfy-recall token"), "{log}");
        assert!(!log.contains(short), "{log}");
    }
}

#[tokio::test]
async fn a_copied_session_is_over_when_its_owner_signs_out_also_after_a_restart() {
    let mut daemon = Launch::new().environment("RECALL_PASSWORD", "correct horse").start().await;
    let cookie = |response: &Response| header(response, "set-cookie").split(';').next().unwrap().to_owned();
    let session = cookie(&sign_in(&daemon, "correct horse", &[]).await);
    let other = cookie(&sign_in(&daemon, "correct horse", &[]).await);
    let status = async |daemon: &Daemon, session: &str| {
        let request = visitor().get(format!("{}/api/v1/generations", daemon.url())).header("cookie", session);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&daemon, &session).await, 200);
    let out = visitor().post(format!("{}/sign-out", daemon.url())).header("cookie", &session).send().await.unwrap();
    assert_eq!(out.status(), 303);
    assert_eq!((status(&daemon, &session).await, status(&daemon, &other).await), (401, 200));
    daemon.terminate().await;
    daemon.start_again().await;
    assert_eq!((status(&daemon, &session).await, status(&daemon, &other).await), (401, 200));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(daemon.data_dir().join("session.ended")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn strangers_learn_no_address_of_a_comfyui() {
    let names = ["gpu=http://10.11.12.13:8188", "corp=https://internal-gpu.corp.example", "here=http://127.0.0.1:9"];
    let launch = names.iter().fold(Launch::new(), |launch, name| launch.argument("--comfyui").argument(*name));
    let daemon = launch.environment("RECALL_PASSWORD", "correct horse").start().await;
    let tells = async |path: &str, headers: &[(&str, &str)]| {
        let request = visitor().get(format!("{}{path}", daemon.url()));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        let told = format!("{:?}", response.headers());
        told + &response.text().await.unwrap()
    };
    let is_told =
        |told: &str| ["10.11.12.13", "internal-gpu", "127.0.0.1:9", "localhost:9"].iter().any(|it| told.contains(it));
    for path in
        ["/panel/dark-en/sign-in", "/panel/dark-en/", "/panel/light-zh-CN/g/1", "/sign-in", "/healthz", "/nowhere", "/"]
    {
        for accept in ["text/html", "application/json"] {
            let told = tells(path, &[("accept", accept), ("referer", "https://evil.example/")]).await;
            assert!(!is_told(&told), "{path}: {told}");
        }
    }
    // The page around knows where it is itself, and may hold the frame to sign in.
    let told = tells("/panel/dark-en/sign-in", &[("referer", "http://10.11.12.13:8188/")]).await;
    assert!(told.contains("frame-ancestors http://10.11.12.13:8188\"") && !told.contains("internal-gpu"), "{told}");
    assert!(told.contains("recall-around=http://10.11.12.13:8188;"), "{told}");
    let around = [("cookie", "recall-around=https://internal-gpu.corp.example"), ("referer", daemon.url())];
    let told = tells("/panel/dark-en/sign-in", &around).await;
    assert!(
        told.contains("frame-ancestors https://internal-gpu.corp.example\"") && !told.contains("10.11.12.13"),
        "{told}"
    );
    let session = header(&sign_in(&daemon, "correct horse", &[]).await, "set-cookie");
    let told = tells("/panel/dark-en/", &[("cookie", session.split(';').next().unwrap())]).await;
    assert!(told.contains("frame-ancestors http://10.11.12.13:8188 http://127.0.0.1:9 "), "{told}");
}

#[tokio::test]
async fn a_page_at_another_loopback_address_is_not_the_comfyui_that_is_named() {
    let launch = Launch::new().argument("--comfyui").argument("http://127.0.0.1:9");
    let daemon = launch.start().await;
    let may_read = async |origin: &str, host: &str| {
        let request = visitor().get(format!("{}/api/v1/generations", daemon.url())).header("host", host);
        !header(&request.header("origin", origin).send().await.unwrap(), "access-control-allow-origin").is_empty()
    };
    assert!(may_read("http://127.0.0.1:9", "127.0.0.1:1").await && may_read("http://localhost:9", "localhost").await);
    for (origin, host) in [
        ("http://127.0.0.2:9", "127.0.0.1:1"),
        ("http://127.0.0.2:9", "127.0.0.2:1"),
        ("http://127.1.2.3:9", "127.1.2.3"),
        ("http://[::1]:9", "[::1]:1"),
        ("http://127.0.0.1:10", "127.0.0.1:1"),
    ] {
        assert!(!may_read(origin, host).await, "{origin} {host}");
    }
}
