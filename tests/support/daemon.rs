//! The real binary beside a ComfyUI: started, asked over its API, ended gently or not, started again on the same data.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::comfyui::ComfyUi;
use super::{DEADLINE, client};

/// How often a condition on the daemon is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How a daemon is to be started.
#[derive(Debug)]
pub struct Launch {
    data: Arc<TempDir>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// Megabytes of a disk of its own.
    disk: Option<u32>,
}

impl Launch {
    /// With a new data folder, and no ComfyUI yet.
    pub fn new() -> Self {
        let data = Arc::new(TempDir::with_prefix("recall-").unwrap());
        Self { data, arguments: Vec::new(), environment: Vec::new(), disk: None }
    }

    /// On the data of another daemon.
    pub fn on_data_of(daemon: &Daemon) -> Self {
        Self { data: Arc::clone(&daemon.launch.data), ..Self::new() }
    }

    pub fn beside(self, comfy: &ComfyUi) -> Self {
        self.argument("--comfyui").argument(comfy.url())
    }

    /// Beside one of several, by name.
    pub fn beside_as(self, name: &str, comfy: &ComfyUi) -> Self {
        self.argument("--comfyui").argument(format!("{name}={}", comfy.url()))
    }

    /// Sharing the disk with it.
    pub fn with_folders_of(self, comfy: &ComfyUi) -> Self {
        self.argument("--comfyui-dir").argument(comfy.folder())
    }

    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// With its data on a disk of so many megabytes, which goes when the daemon ends. Needs Linux that lets its users
    /// have namespaces.
    pub fn on_small_disk(mut self, megabytes: u32) -> Self {
        self.disk = Some(megabytes);
        self
    }

    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_comfy-recall");
        let mut command = match self.disk {
            None => Command::new(program),
            Some(megabytes) => {
                let mount = format!(r#"mount -t tmpfs -o size={megabytes}m tmpfs "$0" && exec "$@""#);
                let mut command = Command::new("unshare");
                // Every step takes the place of the one before: the process is the daemon in the end.
                command.args(["-Urm", "sh", "-c", &mount]).arg(self.data_dir()).arg(program);
                command
            }
        };
        // Nothing of the user's own configuration, and a home folder that goes with the data.
        command.env_clear().env("HOME", self.data.path()).env("RUST_BACKTRACE", "1");
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.environment.iter().cloned());
        command.arg("--listen").arg("127.0.0.1:0").arg("--data-dir").arg(self.data_dir()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Waits until it listens.
    pub async fn start(self) -> Daemon {
        let (process, url) = Process::start(&self).await;
        Daemon { launch: self, process, url, http: client(), past_log: String::new() }
    }

    /// Starts it where it can't run: its exit status and what it wrote to stderr.
    pub async fn refuse(&self) -> (ExitStatus, String) {
        let output = timeout(DEADLINE, self.command().output()).await.expect("the daemon neither runs nor ends");
        let output = output.unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }
}

/// A process and what it says.
#[derive(Debug)]
struct Process {
    child: Mutex<Child>,
    pid: u32,
    log: Arc<Mutex<String>>,
    stderr: JoinHandle<()>,
}

impl Process {
    async fn start(launch: &Launch) -> (Self, String) {
        let mut child = launch.command().spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = tokio::spawn(keep(child.stderr.take().unwrap(), Arc::clone(&log)));
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(DEADLINE, stdout.next_line()).await.expect("the daemon doesn't get ready").unwrap();
        let Some(url) = first.as_deref().and_then(|line| line.strip_prefix("comfy-recall listening on ")) else {
            let _ = stderr.await;
            panic!("the daemon said {first:?} and then:\n{}", log.lock().unwrap());
        };
        // What else it prints is no concern of the tests, but the pipe must not fill up.
        tokio::spawn(keep(stdout.into_inner(), Arc::default()));
        let pid = child.id().unwrap();
        (Self { child: Mutex::new(child), pid, log, stderr }, url.to_owned())
    }

    fn has_ended(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_some()
    }

    async fn signal(&self, name: &str) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.pid)).status().await.unwrap();
        assert!(status.success());
    }

    async fn ended(&mut self) -> ExitStatus {
        let child = self.child.get_mut().unwrap();
        let status = timeout(DEADLINE, child.wait()).await;
        let _ = (&mut self.stderr).await;
        status.unwrap_or_else(|_| panic!("the daemon doesn't end:\n{}", self.log.lock().unwrap())).unwrap()
    }
}

async fn keep(pipe: impl AsyncRead + Unpin, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(pipe).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let mut log = log.lock().unwrap();
        log.push_str(&String::from_utf8_lossy(&line));
        log.push('\n');
    }
}

/// A running daemon. It is killed when it is dropped, and its data goes too.
#[derive(Debug)]
pub struct Daemon {
    launch: Launch,
    process: Process,
    url: String,
    http: Client,
    /// What earlier processes on the same data wrote.
    past_log: String,
}

/// The process.
impl Daemon {
    pub async fn beside(comfy: &ComfyUi) -> Self {
        Launch::new().beside(comfy).start().await
    }

    pub fn data_dir(&self) -> &Path {
        self.launch.data_dir()
    }

    /// The data folder as the daemon sees it, where that is on a disk of its own.
    pub fn inner_data_dir(&self) -> PathBuf {
        let root = Path::new("/proc").join(self.process.pid.to_string()).join("root");
        root.join(self.data_dir().strip_prefix("/").unwrap())
    }

    /// SIGTERM, and its end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.signal("TERM").await;
        self.process.ended().await
    }

    /// SIGTERM without waiting for what comes of it.
    pub async fn ask_to_end(&self) {
        self.process.signal("TERM").await;
    }

    pub async fn ended(&mut self) -> ExitStatus {
        self.process.ended().await
    }

    /// SIGKILL, and its end.
    pub async fn kill(&mut self) {
        self.process.signal("KILL").await;
        self.process.ended().await;
    }

    /// After its end: once more on the same data.
    pub async fn start_again(&mut self) {
        self.past_log = self.log();
        (self.process, self.url) = Process::start(&self.launch).await;
    }

    /// Everything it wrote to stderr, over all its lives.
    pub fn log(&self) -> String {
        self.past_log.clone() + &self.process.log.lock().unwrap()
    }

    /// Resident memory in bytes: now, and at its highest.
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid)).unwrap();
        let kibibytes = |key: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        (kibibytes("VmRSS:") * 1024, kibibytes("VmHWM:") * 1024)
    }
}

/// What it serves.
impl Daemon {
    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap_or_else(|error| {
            panic!("GET {path}: {error}; has it ended: {}; its log:\n{}", self.process.has_ended(), self.log())
        })
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "GET {path}: {status}: {text}\n{}", self.log());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// Every generation that the query selects, newest first, page by page.
    pub async fn list(&self, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.json(&format!("/api/v1/generations?limit=200&{query}{next}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next"].as_str() else { return items };
            next = format!("&next={}", encoded(cursor));
        }
    }

    /// Every generation with this prompt id.
    pub async fn of_prompt(&self, prompt_id: &str) -> Vec<Value> {
        self.list(&format!("prompt_id={}", encoded(prompt_id))).await
    }

    pub async fn detail(&self, id: &Value) -> Value {
        self.json(&format!("/api/v1/generations/{id}")).await
    }

    /// The bytes of a stored output or input.
    pub async fn file(&self, attachment: &Value) -> bytes::Bytes {
        let response = self.get(attachment["url"].as_str().unwrap()).await;
        assert!(response.status().is_success(), "{attachment}: {}", response.status());
        response.bytes().await.unwrap()
    }
}

/// Waiting.
impl Daemon {
    /// Looks again and again until there is an answer; fails the test when none comes in time, or when it has ended.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let looking = async {
            loop {
                ticks.tick().await;
                assert!(!self.process.has_ended(), "waited for {what}, but the daemon ended:\n{}", self.log());
                if let Some(answer) = look(self).await {
                    return answer;
                }
            }
        };
        match timeout(DEADLINE, looking).await {
            Ok(answer) => answer,
            Err(_) => {
                let list = self.json("/api/v1/generations?limit=20").await;
                panic!("waited in vain for {what}; there is {list:#}\nlog:\n{}", self.log())
            }
        }
    }

    /// Waits until the one generation of this prompt has this status; gives its detail.
    pub async fn until_status(&self, prompt_id: &str, status: &str) -> Value {
        let found = self
            .until(&format!("{prompt_id:?} to be {status}"), async |daemon| {
                let found = daemon.of_prompt(prompt_id).await;
                assert!(found.len() <= 1, "{prompt_id} was recorded more than once: {found:#?}");
                found.into_iter().find(|generation| generation["status"] == status)
            })
            .await;
        self.detail(&found["id"]).await
    }

    /// Waits until it has this status and none of its files is still to be fetched; gives its detail.
    pub async fn until_whole(&self, prompt_id: &str, status: &str) -> Value {
        self.until_status(prompt_id, status).await;
        self.until(&format!("the files of {prompt_id:?}"), async |daemon| {
            let id = &daemon.of_prompt(prompt_id).await[0]["id"];
            Some(daemon.detail(id).await).filter(is_whole)
        })
        .await
    }

    /// Waits until so many generations are recorded, none is open, and none of their files is still to be fetched; gives
    /// their details, newest first.
    pub async fn until_all_whole(&self, generations: usize) -> Vec<Value> {
        self.until(&format!("{generations} generations"), async |daemon| {
            let found = daemon.list("").await;
            let is_open = |found: &Value| matches!(found["status"].as_str(), Some("pending" | "in_progress"));
            if found.len() != generations || found.iter().any(is_open) {
                return None;
            }
            let mut details = Vec::new();
            for found in found {
                details.push(Some(daemon.detail(&found["id"]).await).filter(is_whole)?);
            }
            Some(details)
        })
        .await
    }
}

fn is_whole(detail: &Value) -> bool {
    let attachments = ["outputs", "inputs"].into_iter().flat_map(|role| detail[role].as_array().unwrap());
    attachments.into_iter().all(|attachment| attachment["state"] != "pending")
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
