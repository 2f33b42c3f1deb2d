//! Looking for ComfyUI on this machine, where nobody said where it is. Only loopback is called, and only `/system_stats` is
//! asked, whose answer tells a ComfyUI from any other server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use http::HeaderMap;
use tokio::time::timeout;
use url::Url;

use super::http::{Client, Endpoint};
use super::system::System;

/// A ComfyUI on this machine answers in less, unless it is just loading a model; then it is found the next time.
const PATIENCE: Duration = Duration::from_secs(1);

/// The port that a ComfyUI listens on if it wasn't told.
const DEFAULT_PORT: u16 = 8188;

/// A ComfyUI that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where on this machine it answered.
    pub at: SocketAddr,
    /// What it said of itself.
    pub system: System,
}

impl Found {
    pub fn url(&self) -> Option<Url> {
        address(self.at)
    }
}

fn address(at: SocketAddr) -> Option<Url> {
    Url::parse(&format!("http://{at}/")).ok()
}

/// Where this machine is reached on these ports, each twice: a ComfyUI that was told `--listen ::1` is only at the second.
pub fn on_this_machine(ports: &[u16]) -> Vec<SocketAddr> {
    let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    ports.iter().flat_map(|port| both.map(|ip| SocketAddr::new(ip, *port))).collect()
}

/// Asks all these addresses of this machine at once. Gives those where a ComfyUI answers, in their order.
pub async fn look(at: &[SocketAddr]) -> Vec<Found> {
    join_all(at.iter().map(|at| ask(*at))).await.into_iter().flatten().collect()
}

/// The ComfyUI that answers at an address of this machine.
pub async fn ask(at: SocketAddr) -> Option<Found> {
    // No TLS is spoken to a loopback address: not loading the certificates of the platform saves their memory.
    let endpoint = Endpoint { url: address(at)?, headers: HeaderMap::new(), accept_invalid_certs: true };
    let client = Client::new(endpoint).ok()?;
    let system = timeout(PATIENCE, client.system()).await.ok()?.ok()?;
    system.is_unmistakable.then_some(Found { at, system })
}

/// Those of what answered that are servers of their own. A proxy in front of a ComfyUI answers as that does; recorded under
/// both addresses, every run would be there twice. `known` are where servers are that are recorded already.
pub fn distinct(found: Vec<Found>, known: &[SocketAddr]) -> Vec<Found> {
    let ports: Vec<u16> = found.iter().map(|one| one.at).chain(known.iter().copied()).map(|at| at.port()).collect();
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        let (own, port) = (one.system.port(), one.at.port());
        let leads_to_another = own != port && ports.contains(&own);
        // Its port is another one outside of its container, and may be two; or it listens to both sorts of addresses.
        let is_as = |other: &&Found| other.system == one.system && (own != port || other.at.port() == port);
        let is_same = kept.iter().any(|other| is_as(&other));
        if !leads_to_another && !is_same {
            kept.push(one);
        }
    }
    kept
}

impl System {
    /// The port that it was told to listen on.
    fn port(&self) -> u16 {
        self.argument("--port").and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT)
    }

    /// The value of an argument that it was started with.
    fn argument(&self, name: &str) -> Option<&str> {
        let mut arguments = self.argv.iter();
        while let Some(argument) = arguments.next() {
            if argument == name {
                return arguments.next().map(String::as_str);
            }
            if let Some(value) = argument.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                return Some(value);
            }
        }
        None
    }

    /// A folder of this machine in which its files seem to lie. Only worth a hint: in a container the same path may be
    /// another folder.
    pub fn folder_here(&self) -> Option<PathBuf> {
        let program = self.argv.first().map(Path::new).filter(|program| program.ends_with("main.py"));
        let folder = self.argument("--base-directory").map(Path::new).or_else(|| program?.parent())?;
        let is_moved = ["--output-directory", "--temp-directory", "--input-directory"];
        let is_whole = !is_moved.iter().any(|name| self.argument(name).is_some());
        (is_whole && folder.is_absolute() && folder.join("output").is_dir()).then(|| folder.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(port: u16, argv: &[&str]) -> Found {
        let argv = argv.iter().map(|argument| (*argument).to_owned()).collect();
        Found {
            at: on_this_machine(&[port])[0],
            system: System { argv, is_comfyui: true, is_unmistakable: true, ..System::default() },
        }
    }

    fn ports(found: Vec<Found>, known: &[u16]) -> Vec<u16> {
        let known: Vec<_> = known.iter().map(|port| on_this_machine(&[*port])[0]).collect();
        distinct(found, &known).into_iter().map(|one| one.at.port()).collect()
    }

    #[test]
    fn one_that_listens_to_both_sorts_of_addresses_is_one_and_two_that_share_a_port_are_two() {
        let at = |nth: usize, argv: &[&str]| Found { at: on_this_machine(&[8188])[nth], ..found(8188, argv) };
        let kept = |found: Vec<Found>| distinct(found, &[]).into_iter().map(|one| one.at).collect::<Vec<_>>();
        let [v4, v6] = on_this_machine(&[8188])[..] else { panic!("two addresses") };
        assert_eq!(kept(vec![at(0, &["main.py"]), at(1, &["main.py"])]), [v4]);
        assert_eq!(kept(vec![at(1, &["main.py"])]), [v6]);
        assert_eq!(kept(vec![at(0, &["/a/main.py"]), at(1, &["/b/main.py"])]), [v4, v6]);
    }

    #[test]
    fn a_proxy_in_front_of_a_comfyui_is_not_another_one() {
        let main = "main.py";
        let two = || vec![found(8188, &[main]), found(8000, &[main, "--port", "8000"])];
        assert_eq!(ports(two(), &[]), [8188, 8000]);
        let of_vast = || vec![found(8188, &[main, "--port", "18188"]), found(18188, &[main, "--port", "18188"])];
        assert_eq!(ports(of_vast(), &[]), [18188]);
        assert_eq!(ports(vec![found(3000, &[main, "--port=3001"])], &[3001]), Vec::<u16>::new());
        assert_eq!(ports(vec![found(3000, &[main, "--port=3001"])], &[]), [3000]);
        let container = || vec![found(8000, &[main, "--port", "9"]), found(8001, &[main, "--port", "9"])];
        assert_eq!(ports(container(), &[]), [8000]);
        assert_eq!(ports(vec![found(8000, &[main, "--port", "what"])], &[8188]), Vec::<u16>::new());
    }

    #[test]
    fn a_folder_is_hinted_at_only_where_it_is_on_this_machine_and_has_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("output")).unwrap();
        let here = folder.path().to_str().unwrap();
        let main = format!("{here}/main.py");
        let hinted = |argv: &[&str]| found(8188, argv).system.folder_here();
        assert_eq!(hinted(&[&main]), Some(folder.path().to_owned()));
        assert_eq!(hinted(&["main.py", "--base-directory", here]), Some(folder.path().to_owned()));
        for argv in [
            &["main.py"][..],
            &[],
            &["/gone/main.py"],
            &[&main, "--output-directory", "/elsewhere"],
            &[&main, "--base-directory", "/gone"],
            &[r"ComfyUI\main.py"],
        ] {
            assert_eq!(hinted(argv), None, "{argv:?}");
        }
    }
}
