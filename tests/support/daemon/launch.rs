//! How a daemon is started: its arguments, its data folder, its disk.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use super::process::{Daemon, Process};
use crate::support::comfyui::ComfyUi;
use crate::support::{DEADLINE, client, client_with};

/// How a daemon is to be started.
#[derive(Debug)]
pub struct Launch {
    data: Arc<TempDir>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// What we show it ourselves.
    token: Option<String>,
    /// Megabytes of a disk of its own.
    disk: Option<u32>,
    listen: String,
}

impl Launch {
    /// With a new data folder, and no ComfyUI yet.
    pub fn new() -> Self {
        let data = Arc::new(TempDir::with_prefix("recall-").unwrap());
        let listen = "127.0.0.1:0".to_owned();
        Self { data, arguments: Vec::new(), environment: Vec::new(), token: None, disk: None, listen }
    }

    /// On the data of another daemon.
    pub fn on_data_of(daemon: &Daemon) -> Self {
        Self { data: Arc::clone(&daemon.launch.data), ..Self::new() }
    }

    /// On what lies in a folder already.
    pub fn on(folder: &Arc<TempDir>) -> Self {
        Self { data: Arc::clone(folder), ..Self::new() }
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

    /// With a door, to which we have this token.
    pub fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.environment("RECALL_TOKEN", token) }
    }

    /// With a door of its own configuration, to which we have this token.
    pub fn showing(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// With its data on a disk of so many megabytes, which goes when the daemon ends. Needs Linux that lets its users
    /// have namespaces.
    pub fn on_small_disk(mut self, megabytes: u32) -> Self {
        self.disk = Some(megabytes);
        self
    }

    /// There, instead of on a free port.
    pub fn listening_on(mut self, address: SocketAddr) -> Self {
        self.listen = address.to_string();
        self
    }

    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    pub(super) fn command(&self) -> Command {
        let program = program();
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
        command.arg("--listen").arg(&self.listen).arg("--data-dir").arg(self.data_dir()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Waits until it listens.
    pub async fn start(self) -> Daemon {
        let (process, url) = Process::start(&self).await;
        let http = self.token.as_deref().map_or_else(client, client_with);
        Daemon { launch: self, process, url, http, past_log: String::new() }
    }

    /// Starts it where it can't run: its exit status and what it wrote to stderr.
    pub async fn refuse(&self) -> (ExitStatus, String) {
        let output = timeout(DEADLINE, self.command().output()).await.expect("the daemon neither runs nor ends");
        let output = output.unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }
}

/// The daemon's binary. Cargo tells tests and benches of it; an example lies in a folder beside it.
pub fn program() -> PathBuf {
    match option_env!("CARGO_BIN_EXE_comfy-recall") {
        Some(path) => path.into(),
        None => {
            let folder = std::env::current_exe().unwrap().parent().unwrap().with_file_name("");
            folder.join("comfy-recall").with_extension(std::env::consts::EXE_EXTENSION)
        }
    }
}
