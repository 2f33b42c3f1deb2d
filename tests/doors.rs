//! The daemon as its operator shuts it: password, tokens, sessions, a path of its own, and what its log tells of them.

use std::path::Path;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::commands::Shell;
use crate::support::DEADLINE;
use crate::support::daemon::{Daemon, Launch};

/// One of the fewest characters that do.
const TOKEN: &str = "a-token-of-24-characters";

/// One that follows no redirects.
fn visitor() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(Policy::none()).timeout(DEADLINE).build().unwrap()
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

async fn sign_in(daemon: &Daemon, password: &str) -> Response {
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("password", password).finish();
    let request = visitor().post(format!("{}/sign-in", daemon.url())).body(form);
    sent(request.header("content-type", "application/x-www-form-urlencoded")).await
}

fn cookie(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn opens(daemon: &Daemon, cookie: &str) -> bool {
    sent(visitor().get(format!("{}/", daemon.url())).header("cookie", cookie)).await.status() == 200
}

/// What `comfy-recall password` makes of this one.
fn hashed(password: &str) -> String {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let mut command = Shell::on(folder.path()).command(&["password"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A token of that name, and its table.
fn token(name: &str, scope: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let told = Shell::on(folder.path()).done(&["token", name, "--scope", scope]);
    let token = told.lines().map(str::trim).find(|line| line.starts_with("recall_")).unwrap().to_owned();
    (token, told[told.find("[[token]]").unwrap()..].to_owned())
}

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_the_commands_print_opens_the_daemon_also_to_other_machines() {
    let ((bot, bot_table), (owner, owner_table)) = (token("bot", "read"), token("owner", "full"));
    let launch = Launch::new();
    let file = write(launch.data_dir(), &format!("{}{bot_table}\n{owner_table}", hashed("correct horse")));
    let listen = "0.0.0.0:0".parse().unwrap();
    let daemon = launch.argument("--config").argument(file).listening_on(listen).start().await;
    let url = daemon.url().replace("0.0.0.0", "127.0.0.1");
    let list = || visitor().get(format!("{url}/api/v1/generations"));
    assert_eq!(sent(list()).await.status(), 401);
    assert_eq!(sent(list().bearer_auth(&bot)).await.status(), 200);
    assert_eq!(sent(list().basic_auth("me", Some("correct horse"))).await.status(), 200);
    assert_eq!(sent(list().basic_auth("me", Some("wrong"))).await.status(), 401);
    let change = || visitor().post(format!("{url}/preferences")).body("theme=dark");
    let change = || change().header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sent(change().bearer_auth(&bot)).await.status(), 403);
    assert_eq!(sent(change().bearer_auth(&owner)).await.status(), 303);
}

#[tokio::test]
async fn a_session_lasts_over_a_restart_and_ends_with_the_password() {
    let launch = || Launch::new().environment("RECALL_PASSWORD", "first");
    let mut daemon = launch().start().await;
    let session = cookie(&sign_in(&daemon, "first").await);
    assert!(opens(&daemon, &session).await);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(daemon.data_dir().join("session.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    daemon.terminate().await;
    daemon.start_again().await;
    assert!(opens(&daemon, &session).await);
    daemon.terminate().await;
    let other = Launch::on_data_of(&daemon).environment("RECALL_PASSWORD", "second").start().await;
    assert!(!opens(&other, &session).await);
}

#[tokio::test]
async fn a_daemon_without_a_password_keeps_no_key() {
    let daemon = Launch::new().environment("RECALL_TOKEN", TOKEN).start().await;
    let list = visitor().get(format!("{}/api/v1/generations", daemon.url())).bearer_auth(TOKEN);
    assert_eq!(sent(list).await.status(), 200);
    assert!(!daemon.data_dir().join("session.key").exists());
}

#[tokio::test]
async fn the_line_that_says_it_is_ready_carries_the_path() {
    let daemon = Launch::new().argument("--base-path").argument("/history").start().await;
    assert!(daemon.url().ends_with("/history"), "{}", daemon.url());
    assert_eq!(daemon.get("/healthz").await.status(), 200);
    assert!(daemon.list("").await.is_empty());
    let root = daemon.url().trim_end_matches("/history");
    assert_eq!(sent(visitor().get(format!("{root}/"))).await.status(), 404);
    assert_eq!(sent(visitor().get(format!("{root}/healthz"))).await.status(), 200);
}

#[tokio::test]
async fn as_json_every_line_of_the_log_is_an_object_and_no_secret_is_in_it() {
    let launch = Launch::new()
        .environment("RECALL_PASSWORD", "hunter2")
        .environment("RECALL_TOKEN", "hunter3-hunter3-hunter3-hunter3");
    let mut daemon =
        launch.argument("--log-format").argument("json").argument("--log-level").argument("debug").start().await;
    let failed = sign_in(&daemon, "hunter99").await;
    let session = cookie(&sign_in(&daemon, "hunter2").await);
    let list =
        visitor().get(format!("{}/api/v1/generations", daemon.url())).bearer_auth("hunter3-hunter3-hunter3-hunter3");
    let asked = sent(list.header("x-request-id", "not-ours")).await;
    let ended = daemon.terminate().await;
    let log = daemon.log();
    assert!(ended.success(), "{ended}: {log}");
    assert!(!log.contains("hunter") && !log.contains(session.split_once('=').unwrap().1), "{log}");
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    for line in &lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
        chrono::DateTime::parse_from_rfc3339(line["timestamp"].as_str().unwrap()).unwrap();
    }
    let of = |response: &Response, level: &str| -> Vec<Value> {
        let id = response.headers()["x-request-id"].to_str().unwrap();
        lines.iter().filter(|line| line["request"] == id && line["level"] == level).cloned().collect()
    };
    let told = of(&failed, "INFO");
    assert_eq!(told[0]["message"], "a wrong password or token");
    assert_eq!((&told[0]["client"], &told[0]["path"]), (&"127.0.0.1".into(), &"/sign-in".into()));
    assert_eq!((&told[1]["method"], &told[1]["status"]), (&"POST".into(), &403.into()), "a change is news");
    let read = &of(&asked, "DEBUG")[0];
    assert_eq!((&read["by"], &read["status"]), (&"token default".into(), &200.into()));
    assert!(read["ms"].is_number() && read["request"] != "not-ours");
}

#[tokio::test]
async fn as_json_even_the_reason_why_it_ends_is_an_object() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let launch = Launch::new().argument("--log-format").argument("json").listening_on(taken.local_addr().unwrap());
    let (status, log) = launch.refuse().await;
    assert_eq!(status.code(), Some(1));
    let last: Value =
        serde_json::from_str(log.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {log}"));
    assert_eq!((&last["level"], &last["message"]), (&"ERROR".into(), &"stopped".into()));
    assert!(last["error"].as_str().unwrap().contains("choose another address with --listen"), "{last}");
}
