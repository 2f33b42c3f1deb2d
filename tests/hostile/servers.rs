//! What a hostile ComfyUI answers, records and sends: it leads nowhere, opens nothing, and harms none but itself.

use crate::support::comfyui::{ComfyUi, Fault, File, Frame, Outcome, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const ALL: [Route; 7] =
    [Route::Queue, Route::History, Route::HistoryOf, Route::View, Route::SystemStats, Route::Prompt, Route::Jobs];

async fn pair() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    (comfy, daemon)
}

/// One that a run of another server gets for its innocence.
async fn is_recorded(daemon: &Daemon, comfy: &ComfyUi) {
    let id = comfy.run(Run::from_browser("b").saving(File::output("honest.png", picture("honest"))));
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["outputs"][0]["state"], "stored", "{done:#}");
}

#[tokio::test]
async fn redirects_of_every_answer_lead_nowhere() {
    let elsewhere = ComfyUi::start().await;
    let comfy = ComfyUi::builder().authorization("Basic dTpodW50ZXIy").start().await;
    let url = comfy.url().replace("http://", "http://u:hunter2@");
    let run = || Run::from_browser("b").saving(File::output("a.png", picture("a")));
    let ids: Vec<String> = (0..3).map(|_| comfy.run(run())).collect();
    let led = |to: String, status: u16| {
        Fault::Answer(status, vec![("location", to.clone()), ("refresh", format!("0; url={to}"))], Bytes::new())
    };
    let targets = [
        elsewhere.url(),
        "file:///etc/passwd".to_owned(),
        "//169.254.169.254/latest".to_owned(),
        "/../../x".to_owned(),
    ];
    for (nth, route) in ALL.into_iter().chain([Route::Socket]).enumerate() {
        let status = [301, 302, 303, 307, 308][nth % 5];
        comfy.fail(route, led(targets[nth % 2 * (nth % targets.len())].clone(), status));
    }
    let daemon = Launch::new().argument("--comfyui").argument(&url).start().await;
    comfy.until_any_asked(2).await;
    for route in [Route::SystemStats, Route::Socket, Route::Prompt] {
        comfy.heal(route);
    }
    for route in [Route::Queue, Route::History] {
        comfy.until_asked(route, 1).await;
        comfy.heal(route);
    }
    comfy.until_asked(Route::View, 3).await;
    for route in ALL {
        comfy.heal(route);
    }
    for id in ids {
        daemon.until_whole(&id, "completed").await;
    }
    assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    assert!(!daemon.log().contains("hunter2"));
}

#[tokio::test]
async fn what_is_said_to_be_packed_is_taken_as_it_came() {
    let (comfy, daemon) = pair().await;
    let packed = bomb();
    assert!(packed.len() < 100_000, "{}", packed.len());
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        comfy.fail(
            Route::View,
            Fault::Answer(200, vec![("content-encoding", coding.to_owned())], packed.clone().into()),
        );
        let name = format!("{}.bin", coding.len());
        let id = comfy.run(Run::from_browser("b").saving(File::output(&name, "x")));
        let done = daemon.until_whole(&id, "completed").await;
        let output = &done["outputs"][0];
        assert!(output["bytes"].as_u64().is_none_or(|bytes| bytes <= packed.len() as u64), "{coding} {output:#}");
        comfy.heal(Route::View);
    }
    for route in [Route::HistoryOf, Route::Prompt, Route::Queue] {
        comfy.fail_times(
            route,
            Fault::Answer(200, vec![("content-encoding", "gzip".to_owned())], packed.clone().into()),
            1,
        );
    }
    is_recorded(&daemon, &comfy).await;
    let (_, peak) = daemon.memory();
    assert!(peak < 60 << 20, "{peak} bytes");
}

#[tokio::test]
async fn answers_without_an_end_hold_up_no_other_server() {
    let [hostile, honest] = [ComfyUi::start().await, ComfyUi::start().await];
    for _ in 0..3 {
        hostile.run(Run::from_browser("b").saving(File::output("a.png", picture("a"))));
    }
    let launch = Launch::new().beside_as("hostile", &hostile).beside_as("honest", &honest);
    for (route, beginning, piece) in [
        (Route::SystemStats, "{\"system\":{\"os\":\"", "x"),
        (Route::Prompt, "{\"exec_info\":", " "),
        (Route::History, "{", " "),
        (Route::HistoryOf, "{\"a\":", "[[["),
        (Route::Queue, "{\"queue_running\":[", "[],"),
        (Route::Jobs, "{\"jobs\":[", "{},"),
        (Route::View, "\u{89}PNG\r\n", "\0"),
    ] {
        hostile.fail(route, Fault::Endless(beginning.into(), piece.repeat(16_000 / piece.len()).into()));
    }
    let daemon = launch.start().await;
    honest.until_sockets(1).await;
    hostile.until_any_asked(4).await;
    is_recorded(&daemon, &honest).await;
    for path in ["/", "/status", "/readyz", "/metrics"] {
        assert!(daemon.get(path).await.status().is_success(), "{path}");
    }
    let (_, peak) = daemon.memory();
    assert!(peak < 120 << 20, "{peak} bytes");
}

/// Says the same to whoever connects: a beginning, and then pieces for as long as they are taken. Gives its address.
async fn speaker(beginning: &'static str, piece: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let pieces = piece.repeat(16_000 / piece.len());
                let _ = stream.read(&mut [0; 4096]).await;
                let mut said = stream.write_all(beginning.as_bytes()).await;
                while said.is_ok() {
                    said = stream.write_all(pieces.as_bytes()).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn whatever_speaks_no_http_holds_up_no_server_that_does() {
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let honest = ComfyUi::start().await;
    let mut launch = Launch::new().beside_as("honest", &honest);
    for (nth, (beginning, piece)) in [
        (format!("{json}X: "), "x"),
        (json.to_owned(), "X-More: a\r\n"),
        (String::new(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (String::new(), "HTTP/1.1 100 Continue\r\n\r\n"),
        (String::new(), "\r\n"),
        (format!("{json}Transfer-Encoding: chunked\r\n\r\n1;"), "extension"),
        (format!("{json}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n"), "X-Trailer: a\r\n"),
        (format!("{json}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), "["),
        (format!("{json}Content-Length: 18446744073709551615\r\n\r\n"), " "),
        (format!("{json}Content-Length: 2\r\n\r\n{{}}"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".to_owned(),
            "\u{1}\u{1}",
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), "\0"),
    ]
    .into_iter()
    .enumerate()
    {
        let url = speaker(beginning.leak(), piece).await;
        launch = launch.argument("--comfyui").argument(format!("hostile-{nth}={url}"));
    }
    let daemon = launch.start().await;
    honest.until_sockets(1).await;
    for _ in 0..3 {
        is_recorded(&daemon, &honest).await;
    }
    let status = daemon.json("/readyz").await;
    let reachable = status["instances"].as_array().unwrap().iter().filter(|it| it["state"] == "connected");
    assert_eq!(reachable.count(), 1, "{status:#}");
    let (_, peak) = daemon.memory();
    assert!(peak < 120 << 20, "{peak} bytes");
}

fn nested(open: &str, close: &str, times: usize) -> String {
    open.repeat(times) + "0" + &close.repeat(times)
}

/// A chain of links of so many nodes, the last of them back at the first.
fn chain(nodes: usize) -> String {
    let node = |nth: usize| {
        format!(
            "\"{nth}\":{{\"class_type\":\"Reroute\",\"inputs\":{{\"\":[\"{}\",0],\"text\":[\"{}\",0]}}}}",
            (nth + 1) % nodes,
            (nth + 1) % nodes
        )
    };
    let chain = (0..nodes).map(node).collect::<Vec<_>>().join(",");
    format!("{{{chain},\"s\":{{\"class_type\":\"KSampler\",\"inputs\":{{\"positive\":[\"0\",0],\"seed\":1}}}}}}")
}

/// Each text is twice the one before.
fn doubling(nodes: usize) -> String {
    let node = |nth: usize| {
        format!(
            "\"{nth}\":{{\"class_type\":\"StringConcatenate\",\"inputs\":{{\"string_a\":[\"{}\",0],\"string_b\":[\"{}\",0]}}}}",
            nth + 1,
            nth + 1
        )
    };
    let chain = (0..nodes).map(node).collect::<Vec<_>>().join(",");
    format!(
        "{{{chain},\"{nodes}\":{{\"class_type\":\"CLIPTextEncode\",\"inputs\":{{\"text\":\"x\"}}}},\"s\":{{\"class_type\":\"KSampler\",\"inputs\":{{\"positive\":[\"0\",0]}}}}}}"
    )
}

#[tokio::test]
async fn runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none() {
    let (comfy, daemon) = pair().await;
    let deep = 100_000;
    let run = || Run::from_browser("b");
    let prompt = |json: &str| run().with_prompt(json);
    let input = |value: &str| {
        prompt(&format!(
            "{{\"1\":{{\"class_type\":\"X\",\"inputs\":{{\"text\":{value},\"api_key\":\"deep-secret-1\"}}}}}}"
        ))
    };
    let (objects, lists) = (nested("{\"a\":", "}", deep), nested("[", "]", deep));
    let (name, long) = ("n".repeat(1_000_000), "l".repeat(100_000));
    let wide: Vec<String> = (0..20_000).map(|nth| format!("\"i{nth}\":\"w{nth}\"")).collect();
    let many: Vec<String> =
        (0..20_000).map(|nth| format!("\"{nth}\":{{\"class_type\":\"N{nth}\",\"inputs\":{{}}}}")).collect();
    let words: Vec<String> = (0..100_000).map(|nth| format!("w{nth}")).collect();
    let numbers = "[1e999,-1e999,NaN,Infinity,-Infinity,-0,1E-999,99999999999999999999999999999999,0.1e+0001]";
    let mut ids = Vec::new();
    for hostile in [
        prompt(&objects),
        prompt(&lists),
        input(&objects),
        input(&lists),
        prompt(&chain(10_000)),
        prompt(&doubling(100)),
        prompt(&format!("{{\"1\":{{\"class_type\":\"X\",\"inputs\":{{{}}}}}}}", wide.join(","))),
        prompt(&format!("{{{}}}", many.join(","))),
        input(&format!("\"{}\"", words.join(" "))),
        input(&format!("\"{}\"", "\u{fdfa}".repeat(200_000))),
        input(&format!("\"a{}\"", "\u{301}".repeat(200_000))),
        input(numbers),
        prompt("[]"),
        prompt("null"),
        prompt("\"text\""),
        prompt("{\"\":null,\"1\":[],\"2\":{\"class_type\":5,\"inputs\":7},\"3\":{\"inputs\":{\"a\":[\"3\",-1],\"b\":[\"nobody\",1e99]}}}"),
        input(&format!("\"{name}\"")),
        run().with_id(&name),
        run().with_id(".."),
        run().numbered("1e308"),
        run().numbered("-9223372036854775808"),
        run().with_extra("create_time", "1e308"),
        run().with_extra("create_time", "-9223372036854775808"),
        run().with_extra(&name, "1"),
        run().with_extra("client_id", &lists),
        run().with_workflow(&objects),
        run().with_workflow(&format!("{{\"nodes\":{lists},\"api_key\":\"deep-secret-1\"}}")),
        run().with_workflow(&format!("{{\"id\":\"{long}\",\"name\":{objects},\"nodes\":[{{\"id\":{objects},\"type\":\"{long}\",\"widgets_values\":{lists}}}],\"links\":[[1,1,0,1,0,1]]}}")),
        run().giving("9", "images", &objects),
        run().giving("9", "text", &lists),
        run().giving(&long, &long, &format!("{{\"filename\":\"{name}\",\"subfolder\":\"{long}\",\"type\":\"{long}\"}}")),
        run().giving("9", "images", &format!("{{\"filename\":{objects},\"subfolder\":{lists},\"type\":{numbers}}}")),
    ] {
        ids.push(comfy.run(hostile));
    }
    let traceback =
        Outcome::error_with_inputs(&"e".repeat(2_000_000), &format!("{{\"a\":{lists},\"{long}\":[{numbers}]}}"));
    let failed = comfy.run_to(run(), &traceback);
    is_recorded(&daemon, &comfy).await;
    let all = ids.len() + 2;
    daemon.until("all of them", async |daemon| (daemon.list("").await.len() == all).then_some(())).await;
    // Too deep for this side to read; what is listed of it isn't.
    let is_failed = async |daemon: &Daemon| (daemon.of_prompt(&failed).await[0]["status"] == "failed").then_some(());
    daemon.until("the failed one", is_failed).await;
    for listed in daemon.list("").await {
        for path in [format!("/g/{}", listed["id"]), format!("/api/v1/generations/{}", listed["id"])] {
            let answer = daemon.get(&path).await;
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            assert!(!answer.text().await.unwrap().contains("deep-secret-1"), "{path}");
        }
    }
    for path in ["/", "/history", "/queue", "/api/jobs", "/facets", "/?q=w99"] {
        assert!(daemon.get(path).await.status().is_success(), "{path}");
    }
}

#[tokio::test]
async fn lists_of_a_comfyui_that_make_no_sense_are_read_as_far_as_they_do() {
    let (comfy, daemon) = pair().await;
    let lists = nested("[", "]", 100_000);
    let item = |inner: &str| format!("{{\"queue_running\":[{inner}],\"queue_pending\":[{inner}]}}");
    for (route, bodies) in [
        (
            Route::Queue,
            vec![
                item("null"),
                item("[]"),
                item("[0,\"x\"]"),
                item("[\"a\",5,{},{},[]]"),
                item("[1e999,\"..\",{},{\"extra_pnginfo\":[]},null]"),
                item(&lists),
                "{\"queue_running\":{},\"queue_pending\":\"x\"}".to_owned(),
                "[]".to_owned(),
                lists.clone(),
                "{\"queue_running\":[".to_owned(),
            ],
        ),
        (
            Route::HistoryOf,
            vec![
                "[]".to_owned(),
                "{\"x\":null}".to_owned(),
                format!("{{\"x\":{lists}}}"),
                "{\"x\":{\"prompt\":[],\"outputs\":[],\"status\":7}}".to_owned(),
                "<html>".to_owned(),
            ],
        ),
        (Route::Prompt, vec!["{\"exec_info\":{\"queue_remaining\":-1}}".to_owned(), lists.clone()]),
        (
            Route::SystemStats,
            vec![
                format!("{{\"system\":{lists}}}"),
                "{\"system\":{\"comfyui_version\":\"<script>\\u001b[2J\"}}".to_owned(),
            ],
        ),
    ] {
        for body in bodies {
            comfy.fail_times(route, Fault::Body(body), 1);
            comfy.ring();
            is_recorded(&daemon, &comfy).await;
        }
    }
    let status = daemon.get("/status").await.text().await.unwrap();
    assert!(!status.contains("<script>\u{1b}") && !status.contains("\u{1b}[2J"));
}

#[tokio::test]
async fn frames_against_the_protocol_end_their_socket_and_nothing_else() {
    let (comfy, daemon) = pair().await;
    let header = |first: u8, second: u8, rest: &[u8]| [&[first, second], rest].concat();
    let deep = nested("[", "]", 50_000);
    let text = |text: &str| {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&[0x81, 126], &length[..], &text.as_bytes()[..text.len().min(65_535)]].concat()
    };
    for (nth, bytes) in [
        // A length of 2^62, and one that isn't the shortest.
        header(0x81, 127, &(1_u64 << 62).to_be_bytes()),
        header(0x81, 127, &u64::MAX.to_be_bytes()),
        header(0x81, 127, &[0, 0, 0, 0, 0, 0, 0, 1, b'x']),
        // Masked, as servers may not; with bits that nobody agreed on; of kinds that there are not.
        header(0x81, 0x81, &[1, 2, 3, 4, 5]),
        header(0xF1, 1, b"x"),
        header(0xC1, 1, b"x"),
        header(0x83, 1, b"x"),
        header(0x8B, 1, b"x"),
        // A ping in pieces, one that is too long, a pong that nobody asked for.
        header(0x09, 1, b"x"),
        header(0x89, 126, &[[1, 0], [b'x'; 2]].concat()),
        header(0x8A, 2, b"xx"),
        // Pieces without an end, without a beginning, without anything in them; letters that are none.
        header(0x01, 1, b"x"),
        header(0x80, 1, b"x"),
        header(0x01, 0, &header(0x00, 0, &[]).repeat(50_000)),
        header(0x81, 2, &[0xC3, 0x28]),
        // Farewells with too few bytes, a code that there is not, letters that are none.
        header(0x88, 1, b"x"),
        header(0x88, 2, &999_u16.to_be_bytes()),
        header(0x88, 4, &[3, 0xE8, 0xC3, 0x28]),
        text(&deep),
        text(&format!("{{\"type\":\"status\",\"data\":{deep}")),
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    ]
    .into_iter()
    .enumerate()
    {
        comfy.until_sockets(1).await;
        comfy.send(&Frame::Raw(Bytes::from(bytes)));
        if nth % 4 == 0 {
            is_recorded(&daemon, &comfy).await;
        }
        comfy.close_sockets();
    }
    comfy.until_sockets(1).await;
    for _ in 0..5_000 {
        comfy.ring();
    }
    is_recorded(&daemon, &comfy).await;
    let (_, peak) = daemon.memory();
    assert!(peak < 100 << 20, "{peak} bytes");
}

#[tokio::test]
async fn a_webhook_that_leads_elsewhere_or_never_ends_is_not_followed_and_not_read() {
    let [comfy, hook, elsewhere] = [ComfyUi::start().await, ComfyUi::start().await, ComfyUi::start().await];
    let launch = Launch::new();
    let config = launch.data_dir().join("config.toml");
    let webhook = |path: &str| {
        format!("[[webhook]]\nurl = \"{}/{path}\"\nsecret = \"hunter-hunter-hunter-hunter\"\n", hook.url())
    };
    std::fs::write(&config, webhook("hook-one?key=hunter-in-the-address")).unwrap();
    let to = format!("{}/stolen", elsewhere.url());
    hook.fail(Route::Other, Fault::Answer(307, vec![("location", to)], Bytes::new()));
    let launch = launch.argument("--config").argument(&config).argument("--log-level").argument("trace");
    let daemon = launch.beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    is_recorded(&daemon, &comfy).await;
    hook.until_asked(Route::Other, 1).await;
    hook.fail(Route::Other, Fault::Endless(Bytes::new(), Bytes::from(vec![b'x'; 16_000])));
    is_recorded(&daemon, &comfy).await;
    hook.until_asked(Route::Other, 2).await;
    is_recorded(&daemon, &comfy).await;
    assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    let log = daemon.log();
    assert!(!log.contains("hunter"), "{log}");
    let (_, peak) = daemon.memory();
    assert!(peak < 60 << 20, "{peak} bytes");
}

/// Sixty-four megabytes of nothing in seventy kilobytes.
fn bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("a", options).unwrap();
    std::io::Write::write_all(&mut zip, &vec![0; 64 << 20]).unwrap();
    let zipped = zip.finish().unwrap().into_inner();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&zipped)).unwrap();
    let file = archive.by_index_raw(0).unwrap();
    let (start, length) = (file.data_start().unwrap(), file.compressed_size());
    let [start, end] = [start, start + length].map(|at| usize::try_from(at).unwrap());
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &zipped[start..end]].concat()
}
