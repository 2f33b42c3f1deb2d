//! A daemon that runs: what it says, how it ends, how much memory it takes.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Client;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::launch::Launch;
use crate::support::DEADLINE;
use crate::support::comfyui::ComfyUi;

/// A process and what it says.
#[derive(Debug)]
pub(super) struct Process {
    child: Mutex<Child>,
    pid: u32,
    log: Arc<Mutex<String>>,
    stderr: JoinHandle<()>,
}

impl Process {
    pub async fn start(launch: &Launch) -> (Self, String) {
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

    pub fn has_ended(&self) -> bool {
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
    pub(super) launch: Launch,
    pub(super) process: Process,
    pub(super) url: String,
    pub(super) http: Client,
    /// What earlier processes on the same data wrote.
    pub(super) past_log: String,
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

    pub fn has_ended(&self) -> bool {
        self.process.has_ended()
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

    /// How long processors have worked for it, to some hundredths of a second.
    pub fn cpu_time(&self) -> Duration {
        cpu_time(&self.process.pid.to_string())
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

/// How long processors have worked for a process, `self` for this one; to some hundredths of a second.
pub fn cpu_time(pid: &str) -> Duration {
    /// What Linux counts in for everybody to see (`USER_HZ`).
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program, the second field, may hold anything, also blanks.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u32>().unwrap();
    // `utime` and `stime` are the 14th and 15th of all (proc_pid_stat(5)).
    TICK * (ticks(11) + ticks(12))
}
