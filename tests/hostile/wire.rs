//! Bytes that no browser sends: requests within requests, heads and bodies without end, searches that mean nothing.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::visitors::{connect, visitor};
use crate::support::DEADLINE;
use crate::support::daemon::{Daemon, Launch};

const HOME: [u8; 4] = [127, 0, 0, 1];

/// All that is answered to these bytes, until it is silent or ends.
async fn answers(daemon: &Daemon, said: &[u8]) -> String {
    let mut stream = connect(daemon, HOME).await.unwrap();
    // It may have ended before all was said.
    let _ = stream.write_all(said).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("neither an answer nor an end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers in what was read.
fn statuses(answers: &str) -> Vec<u16> {
    let heads = answers.match_indices("HTTP/1.").filter_map(|(at, _)| answers[at..].split(' ').nth(1)?.parse().ok());
    heads.collect()
}

#[tokio::test]
async fn no_request_hides_in_another() {
    let daemon = Launch::new().argument("--log-level").argument("debug").start().await;
    // What a proxy that reads it otherwise would have let through.
    let hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = hidden.len();
    let post = "POST /preferences HTTP/1.1\r\nHost: localhost\r\n";
    let chunk = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    for said in [
        // Two lengths.
        format!("{post}Content-Length: {length}\r\nContent-Length: 0\r\n\r\n{hidden}"),
        format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("{post}Content-Length: 0, {length}\r\n\r\n{hidden}"),
        // No length that is a number.
        format!("{post}Content-Length: +{length}\r\n\r\n{hidden}"),
        format!("{post}Content-Length: -1\r\n\r\n{hidden}"),
        format!("{post}Content-Length: 0x0\r\n\r\n{hidden}"),
        format!("{post}Content-Length: 18446744073709551616\r\n\r\n{hidden}"),
        format!("{post}Content-Length: {length} 0\r\n\r\n{hidden}"),
        format!("{post}Content-Length:\r\n\r\n{hidden}"),
        // Codings that are none, or another's.
        format!("{post}Transfer-Encoding: xchunked\r\n\r\n{chunk}"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n{chunk}"),
        format!("{post}Transfer-Encoding: identity\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("{post}Transfer-Encoding: \"chunked\"\r\n\r\n{chunk}"),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n{chunk}"),
        format!("{post} Transfer-Encoding: chunked\r\n\r\n{chunk}"),
        format!("{post}X: a\r\n Transfer-Encoding: chunked\r\n\r\n{chunk}"),
        format!("{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{chunk}"),
        format!("{post}Transfer-Encoding:\u{b}chunked\r\n\r\n{chunk}"),
        format!("POST /preferences HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"),
        // Chunks that lie.
        format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{hidden}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n-1\r\n{hidden}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n0x{chunk}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n1\r\naXX{hidden}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\rz{hidden}"),
        // Lines that end otherwise, names with blanks, heads of another protocol.
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rGET /hidden HTTP/1.1\r\n\r\n{hidden}"),
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent Length: {length}\r\n\r\n{hidden}"),
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\0: a\r\n\r\n{hidden}"),
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n{hidden}"),
        format!("GET /healthz HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}"),
        format!("GET /heal\0thz HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}"),
        format!("GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n{hidden}"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}"),
        format!("\u{16}\u{3}\u{1}\0\u{5}hello{hidden}"),
    ] {
        let answer = answers(&daemon, said.as_bytes()).await;
        assert!(statuses(&answer).len() <= 1, "{said}\n{answer}");
        assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{said}\n{answer}");
    }
    // With a coding and a length the coding counts (RFC 9112, section 6.3), and nothing behind that request is read.
    for lengths in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let answer = answers(&daemon, format!("{post}{lengths}\r\n\r\n0\r\n\r\n{hidden}").as_bytes()).await;
        assert!(statuses(&answer).len() <= 1, "{lengths}: {answer}");
    }
    // Another protocol is not spoken, however it is asked for.
    let upgrade = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    assert_eq!(statuses(&answers(&daemon, upgrade.as_bytes()).await), [200]);
    assert!(!daemon.log().contains("/hidden"), "{}", daemon.log());
    assert_eq!(visitor().get(format!("{}/healthz", daemon.url())).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn heads_and_bodies_without_end_are_refused_and_fill_no_memory() {
    let daemon = Launch::new().environment("RECALL_PASSWORD", "correct horse").start().await;
    let get = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
    };
    let large = "x".repeat(100_000);
    let many: String = (0..101).map(|nth| format!("X-{nth}: a\r\n")).collect();
    let endless = "X: ".to_owned() + &"a".repeat(8_000_000);
    let heads = [
        get(&format!("/{large}"), ""),
        get(&format!("/?q={large}"), ""),
        get("/", &format!("Cookie: recall-session={large}\r\n")),
        get("/", &format!("Authorization: Basic {large}\r\n")),
        get("/", &format!("X-{large}: a\r\n")),
        get("/", &many),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{endless}"),
        format!("{large}{large} / HTTP/1.1\r\n"),
        "\r\n".repeat(1_000_000),
    ];
    for (nth, said) in heads.iter().enumerate() {
        let answer = answers(&daemon, said.as_bytes()).await;
        // What was told before the end may be lost with the connection.
        assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{nth}: {answer}");
    }
    for length in [60_000, 30_000] {
        for said in [get(&format!("/{}", &large[..length]), ""), get(&format!("/healthz?{}", &large[..length]), "")] {
            assert!(statuses(&answers(&daemon, said.as_bytes()).await).iter().all(|status| *status < 500));
        }
    }
    let deep = "[".repeat(2_000_000);
    let nested = "{\"filter\":".repeat(200_000);
    let form = format!("password={}", "%41".repeat(1_000_000));
    let fields = "next=%2F&".repeat(400_000);
    for (path, body) in [
        ("/sign-in", &form),
        ("/sign-in", &fields),
        ("/preferences", &form),
        ("/bt/artifacts/list", &deep),
        ("/bt/artifacts/list", &nested),
    ] {
        let basic = "Authorization: Basic eDpjb3JyZWN0IGhvcnNl\r\n";
        for kind in ["application/x-www-form-urlencoded", "application/json"] {
            let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{basic}Content-Type: {kind}\r\n");
            let whole = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len());
            for said in [whole, chunked] {
                let answer = answers(&daemon, said.as_bytes()).await;
                assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{path} {kind}: {answer}");
            }
        }
    }
    let small = "[".repeat(60_000);
    let list = visitor().post(format!("{}/bt/artifacts/list", daemon.url())).basic_auth("x", Some("correct horse"));
    let answer = list.header("content-type", "application/json").body(small).send().await.unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
    let (_, peak) = daemon.memory();
    assert!(peak < 120 << 20, "{peak} bytes");
}

#[tokio::test]
async fn searches_that_mean_nothing_are_answered_soon_and_without_a_failure() {
    let daemon = Launch::new().start().await;
    let long = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let mut searches: Vec<String> = [
        "(",
        ")",
        "((((",
        "\"",
        "-",
        "--",
        "-(",
        "OR",
        "OR OR",
        "a OR",
        "AND NOT",
        "*",
        "**",
        "?",
        ":",
        "::",
        "a:",
        ":a",
        "model:",
        "model::",
        "seed:>",
        "seed:>=<",
        "seed:1..",
        "seed:..",
        "seed:-1e999",
        "took:9999999999999999999d",
        "after:0000-00-00",
        "after:99999-99-99",
        "before:-1d",
        "date:2026-02-31",
        "cfg:NaN",
        "size:0x0",
        "size:99999999999x1",
        "\\",
        "\\\"",
        "a\0b",
        "\u{202e}\u{200b}\u{feff}",
        "' OR 1=1 --",
        "\"; DROP TABLE runs; --",
        "{{7*7}}",
        "%",
        "_",
        "[a-z]+",
        "(a+)+$",
        "ﷺ",
        "e\u{301}\u{301}\u{301}",
    ]
    .map(str::to_owned)
    .into();
    for piece in [
        "(", "-", "\"", "a ", "a OR ", "-a ", "model:", "model:(", "a:b ", "*a", "\u{301}", "\u{fdfa}", "四", "(a OR ",
        "NOT ",
    ] {
        searches.extend([1_000, 16_000].map(|bytes| long(piece, bytes)));
    }
    let ask = async |path: &str, name: &str, search: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, search).finish();
        let request = visitor().get(format!("{}{path}?{query}", daemon.url())).timeout(Duration::from_secs(20));
        let status = request.send().await.unwrap_or_else(|error| panic!("{path} {search:.60}: {error}")).status();
        assert!(status.as_u16() < 500, "{path} {status} {search:.60}");
    };
    for some in searches.chunks(8) {
        join_all(some.iter().map(|search| async {
            for path in ["/", "/api/v1/generations", "/facets", "/api/v1/suggest"] {
                ask(path, "q", search).await;
            }
        }))
        .await;
    }
}
