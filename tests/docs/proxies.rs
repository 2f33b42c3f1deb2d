//! The reverse proxies of `docs/operations.md`, as they stand there, in front of a real daemon. Needs Debian's `nginx` and
//! `caddy`.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use super::page::Page;
use crate::support::DEADLINE;
use crate::support::daemon::{Daemon, Launch};

const PASSWORD: &str = "correct horse battery staple";

/// What is documented, but for the address of the daemon: the first block of its language that has a path.
fn documented(language: &str, daemon: &Daemon) -> String {
    let page = Page::read("docs/operations.md");
    let block = page.blocks().into_iter().find(|it| it.language == language && it.code.contains("/history/"));
    let address = daemon.url().strip_prefix("http://").unwrap().split('/').next().unwrap();
    block.unwrap_or_else(|| panic!("no {language}")).code.replace("127.0.0.1:8588", address)
}

async fn daemon() -> Daemon {
    let launch = Launch::new().environment("RECALL_PASSWORD", PASSWORD);
    let options = ["--trusted-proxy", "127.0.0.1", "--allow-host", "recall.example.org", "--base-path", "/history"];
    options.into_iter().fold(launch, Launch::argument).start().await
}

/// A proxy that listens on a socket in its folder.
struct Proxy {
    folder: TempDir,
    _child: Child,
}

impl Proxy {
    async fn start(program: &str, arguments: &[&str], configuration: impl FnOnce(&Path) -> String) -> Self {
        let folder = TempDir::with_prefix("proxy-").unwrap();
        fs::write(folder.path().join("proxy.conf"), configuration(folder.path())).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path()).env("HOME", folder.path()).kill_on_drop(true);
        // Debian keeps nginx where only root looks.
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; install it"));
        let mut looks = interval(std::time::Duration::from_millis(20));
        let ready = timeout(DEADLINE, async {
            // The file is there a moment before anybody listens.
            while UnixStream::connect(folder.path().join("socket")).is_err() {
                looks.tick().await;
                let log = fs::read_to_string(folder.path().join("log")).unwrap();
                assert!(child.try_wait().unwrap().is_none(), "{program} ended:\n{log}");
            }
        });
        ready.await.expect("the proxy doesn't get ready");
        Self { folder, _child: child }
    }

    fn client(&self) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().unix_socket(self.folder.path().join("socket")).no_proxy();
        client.redirect(redirect::Policy::none()).timeout(DEADLINE).build().unwrap()
    }
}

/// Whoever comes by it signs in, looks, and hears what happens.
async fn visit(proxy: &Proxy, origin: &str, port: &str) {
    let (client, host) = (proxy.client(), format!("recall.example.org{port}"));
    let at = |path: &str| client.get(format!("http://recall.example.org{path}")).header(HOST, &host);
    let bare = at("/history").send().await.unwrap();
    assert!(bare.status().is_redirection(), "{}", bare.status());
    assert!(bare.headers()[LOCATION].to_str().unwrap().ends_with("/history/"), "{:?}", bare.headers()[LOCATION]);
    let refused = at("/history/api/v1/generations").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let form = format!("password={}&next=%2Fhistory%2F", PASSWORD.replace(' ', "+"));
    let signing_in = client.post("http://recall.example.org/history/sign-in").header(HOST, &host);
    let signing_in = signing_in.header(ORIGIN, origin.to_owned() + port);
    let signing_in = signing_in.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let signed_in = signing_in.send().await.unwrap();
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER, "{}", signed_in.text().await.unwrap());
    let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert_eq!(cookie.contains("Secure"), origin.starts_with("https"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    let page = at("/history/").header(COOKIE, session).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    // The first event comes while the stream stays open: nobody gathers it.
    let mut events = at("/history/events").header(COOKIE, session).send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: hello"), "{first:?}");
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_as_documented_passes_on_all_that_a_visitor_needs() {
    let daemon = daemon().await;
    let proxy = Proxy::start("nginx", &["-p", ".", "-c", "proxy.conf", "-e", "log", "-g", "daemon off;"], |_| {
        let server = documented("nginx", &daemon);
        let tls = ["listen 443 ssl;", "ssl_certificate ", "ssl_certificate_key ", "listen [::]:443 ssl;"];
        let server = server.lines().filter(|line| !tls.iter().any(|it| line.trim_start().starts_with(it)));
        // What nginx itself does with certificates isn't tried: it speaks as if it had one.
        let server = server.collect::<Vec<_>>().join("\n").replace("$scheme", "https");
        let server = server.replacen('{', "{ listen unix:socket;", 1);
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {it};"));
        let http = format!("access_log off; {}\n{server}", folders.concat());
        // One process: what is killed leaves no workers behind.
        format!("master_process off; pid pid; events {{}}\nhttp {{ {http}\n}}\n")
    });
    let proxy = proxy.await;
    visit(&proxy, "https://recall.example.org", "").await;
    visit(&proxy, "https://recall.example.org", ":8443").await;
}

#[tokio::test]
#[ignore = "needs Caddy"]
async fn caddy_as_documented_passes_on_all_that_a_visitor_needs() {
    let daemon = daemon().await;
    let arguments = ["run", "--config", "proxy.conf", "--adapter", "caddyfile"];
    let proxy = Proxy::start("caddy", &arguments, |folder| {
        let site = documented("caddyfile", &daemon);
        let bound = format!("http://recall.example.org {{\n    bind unix/{}/socket\n", folder.display());
        format!("{{\n    admin off\n}}\n{}", site.replacen("recall.example.org {\n", &bound, 1))
    });
    visit(&proxy.await, "http://recall.example.org", "").await;
}
