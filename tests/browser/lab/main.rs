//! What the browser tests drive: stand-ins for ComfyUI and the real daemon beside them, by JSON lines.
//!
//! Prints one line `{url, comfyui, data_dir, hostile}` when the daemon listens, then obeys one order a line on its
//! standard input and answers each with a line. Ends, and ends everything that it started, when that closes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that can't go on fails"
)]

mod demo;
mod graphs;
mod hostile;
mod orders;
mod pictures;
mod seed;
#[path = "../../support/mod.rs"]
mod support;

use std::net::Ipv4Addr;

use clap::Parser;
use comfy_recall::model::InstanceName;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpSocket;

use orders::Order;
use support::comfyui::ComfyUi;
use support::daemon::{Daemon, Launch};

/// What there is before the first order.
#[derive(Debug, Parser)]
struct Setup {
    /// Names of the ComfyUI servers.
    #[arg(long, value_delimiter = ',', default_value = "default")]
    instances: Vec<InstanceName>,
    /// Finished runs that are in the store already.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Over how many days they lie; by default twenty runs a day.
    #[arg(long)]
    days: Option<u32>,
    /// The shorter side of their pictures.
    #[arg(long, default_value_t = 160)]
    side: u32,
    /// Further runs with hostile texts in every field.
    #[arg(long)]
    hostile: bool,
    /// The path below which the daemon serves everything.
    #[arg(long)]
    base_path: Option<String>,
    /// What the daemon asks people for.
    #[arg(long)]
    password: Option<String>,
    /// No ComfyUI answers at first.
    #[arg(long)]
    away: bool,
    /// Shows a history to whoever has no ComfyUI, and obeys nothing but Ctrl+C.
    #[arg(long)]
    demo: bool,
}

/// Everything that runs.
struct Lab {
    comfyuis: Vec<(InstanceName, ComfyUi)>,
    daemon: Daemon,
    /// Bound, but it never listens: keeps the daemon's port while the daemon is down.
    _port: TcpSocket,
}

#[tokio::main]
async fn main() {
    let setup = Setup::parse();
    if setup.demo {
        let mut lab = Lab::start(&setup.for_people()).await;
        demo::show(&mut lab).await;
        return lab.daemon.kill().await;
    }
    let mut lab = Lab::start(&setup).await;
    println!("{}", lab.told());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let answer = match serde_json::from_str::<Order>(&line) {
            Ok(Order::Quit) => break,
            Ok(order) => lab.obey(order).await,
            Err(error) => json!({"error": format!("{error}: {line}")}),
        };
        println!("{answer}");
    }
    if !lab.daemon.has_ended() {
        lab.daemon.kill().await;
    }
}

impl Lab {
    async fn start(setup: &Setup) -> Self {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let mut launch = Launch::new().listening_on(port.local_addr().unwrap());
        if let Some(base) = &setup.base_path {
            launch = launch.argument("--base-path").argument(base);
        }
        if let Some(password) = &setup.password {
            launch = launch.environment("RECALL_PASSWORD", password).with_token("the-token-of-the-lab-and-its-tests");
        }
        let mut comfyuis = Vec::new();
        for name in &setup.instances {
            let comfyui = ComfyUi::start().await;
            if setup.away {
                comfyui.unplug().await;
            }
            launch = launch.beside_as(name.as_str(), &comfyui);
            comfyuis.push((name.clone(), comfyui));
        }
        seed::fill(launch.data_dir(), setup).await;
        let daemon = launch.start().await;
        for (_, comfyui) in comfyuis.iter().filter(|_| !setup.away) {
            comfyui.until_sockets(1).await;
        }
        Self { comfyuis, daemon, _port: port }
    }

    fn told(&self) -> Value {
        let addresses = self.comfyuis.iter().map(|(name, comfyui)| (name.as_str().to_owned(), comfyui.url().into()));
        json!({
            "url": self.daemon.url(),
            "comfyui": addresses.collect::<serde_json::Map<_, _>>(),
            "data_dir": self.daemon.data_dir(),
            "hostile": hostile::texts(),
        })
    }

    /// The ComfyUI with this name; the first without one.
    fn comfyui(&self, name: Option<&str>) -> &ComfyUi {
        let named = self.comfyuis.iter().find(|(known, _)| name.is_none_or(|name| known.as_str() == name));
        &named.unwrap_or_else(|| panic!("no ComfyUI is called {name:?}")).1
    }
}
