//! The process and its port: started, killed, away, back again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::files::Files;
use super::queue::Queue;
use super::server;
use super::state::{Setup, Shared};
use super::version::Version;

/// How a stand-in is to be.
#[derive(Debug, Default)]
pub struct Builder {
    setup: Setup,
    has_folders: bool,
    ip: Option<IpAddr>,
}

impl Builder {
    pub fn version(mut self, version: Version) -> Self {
        self.setup.version = version;
        self
    }

    /// In front of every path, such as `/comfy`.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.setup.prefix = prefix.to_owned();
        self
    }

    /// What the `Authorization` header must say, such as `Bearer token`.
    pub fn authorization(mut self, header: &str) -> Self {
        self.setup.authorization = Some(header.to_owned());
        self
    }

    /// Keeps its files in real folders, so that a daemon can be told of them.
    pub fn with_folders(mut self) -> Self {
        self.has_folders = true;
        self
    }

    /// At this address of the machine, and no other.
    pub fn at(mut self, ip: impl Into<IpAddr>) -> Self {
        self.ip = Some(ip.into());
        self
    }

    pub async fn start(self) -> ComfyUi {
        let files = if self.has_folders { Files::in_real_folders() } else { Files::default() };
        let socket = server::reserve((self.ip.unwrap_or(Ipv4Addr::LOCALHOST.into()), 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        let comfy = ComfyUi {
            address,
            shared: Arc::new(Shared::new(self.setup, files)),
            process: Mutex::new(Process::Away(socket)),
        };
        comfy.plug_in();
        comfy
    }
}

/// The stand-in. It stops when it is dropped.
#[derive(Debug)]
pub struct ComfyUi {
    address: SocketAddr,
    pub(super) shared: Arc<Shared>,
    process: Mutex<Process>,
}

#[derive(Debug)]
enum Process {
    Listens(CancellationToken, JoinHandle<()>),
    /// Connections are refused; the socket keeps the port from being given to others.
    Away(TcpSocket),
    Changing,
}

impl Drop for ComfyUi {
    fn drop(&mut self) {
        if let Process::Listens(life, _) = &*self.process.lock().unwrap() {
            life.cancel();
        }
    }
}

/// The process and the port.
impl ComfyUi {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The newest version, empty.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Where it is, with its prefix and without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.setup.prefix)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection and refuses new ones; the process lives on unreachably.
    pub async fn unplug(&self) {
        let process = std::mem::replace(&mut *self.process.lock().unwrap(), Process::Changing);
        let Process::Listens(life, listener) = process else { panic!("already away") };
        life.cancel();
        listener.await.unwrap();
        let socket = server::reserve_again(self.address).await;
        *self.process.lock().unwrap() = Process::Away(socket);
        self.shared.change(|state| state.sockets.break_all());
    }

    pub fn is_away(&self) -> bool {
        matches!(*self.process.lock().unwrap(), Process::Away(_))
    }

    /// Reachable again, on the same port.
    pub fn plug_in(&self) {
        let mut process = self.process.lock().unwrap();
        let Process::Away(socket) = std::mem::replace(&mut *process, Process::Changing) else {
            panic!("not away");
        };
        let life = CancellationToken::new();
        let listener = socket.listen(1024).unwrap();
        let task = tokio::spawn(server::serve(listener, Arc::clone(&self.shared), life.clone()));
        *process = Process::Listens(life, task);
    }

    /// Ends the process: queue, history and number are gone, connections are refused.
    pub async fn kill(&self) {
        self.unplug().await;
        self.shared.change(|state| {
            state.queue = Queue::default();
            state.history.clear();
            state.number = 0;
        });
    }

    /// Starts it again, on the same port; that wipes the temp folder.
    pub fn revive(&self) {
        self.shared.change(|state| state.files.wipe_temp());
        self.plug_in();
    }

    pub async fn restart(&self) {
        self.kill().await;
        self.revive();
    }
}
