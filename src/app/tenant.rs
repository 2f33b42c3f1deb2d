//! Who has an address of this machine already: what answers there, and on Linux the process that the system names, where this
//! user may look at it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::browser::{self, There};
use crate::comfy;
use crate::config::Listen;
use crate::store;

/// Where Linux tells of processes. Elsewhere there is no such folder, and nobody is named.
const PROC: &str = "/proc";

/// `TCP_LISTEN` of Linux's include/net/tcp_states.h.
const LISTENS: &str = "0A";

/// Who has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tenant {
    /// A comfy-recall, and its data folder where that is known.
    Ours(Option<PathBuf>),
    /// A ComfyUI of this version.
    ComfyUi(Option<String>, Option<Process>),
    Other(Option<Process>),
}

/// A process of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    id: u32,
    name: String,
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(None) => f.write_str("another comfy-recall uses it"),
            Self::Ours(Some(folder)) => {
                write!(f, "another comfy-recall uses it, with the data folder {}", folder.display())
            }
            Self::ComfyUi(version, process) => {
                let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                // What a server says of itself may hold what a terminal obeys.
                let version: String = version.chars().filter(|c| !c.is_control()).take(40).collect();
                write!(f, "ComfyUI{version} uses it{}", Within(process.as_ref()))
            }
            Self::Other(Some(process)) => write!(f, "{process} uses it"),
            Self::Other(None) => f.write_str("another program uses it"),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program {} (process {})", self.name, self.id)
    }
}

/// A process behind what is known of it already.
struct Within<'a>(Option<&'a Process>);

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |Process { id, name }| write!(f, " ({name}, process {id})"))
    }
}

/// Who answers at an address that this machine reaches. Takes two seconds at most, and a name's lookup.
pub(super) async fn of(listen: &Listen, base: &str) -> Tenant {
    let (asked, base, port) = (listen.clone(), base.to_owned(), listen.port);
    let looked = tokio::task::spawn_blocking(move || {
        let process = table(Path::new(PROC)).listening_on(Path::new(PROC), port);
        (browser::who(&asked, &base), process)
    });
    let (there, process) = looked.await.unwrap_or((There::Nobody, None));
    if there == There::Ours {
        return Tenant::Ours(process.and_then(|process| data_folder(Path::new(PROC), process.id)));
    }
    let at = tokio::net::lookup_host(listen.to_string()).await.ok().and_then(|mut found| found.next());
    match at {
        Some(at) => match comfy::ask(at).await {
            Some(found) => Tenant::ComfyUi(found.system.version, process),
            None => Tenant::Other(process),
        },
        None => Tenant::Other(process),
    }
}

/// Where the daemon listens that has a data folder, as far as the system tells.
pub(super) fn address_of_folder(folder: &Path) -> Option<SocketAddr> {
    let (proc, table) = (Path::new(PROC), table(Path::new(PROC)));
    let holder =
        processes(proc).into_iter().find(|id| data_folder(proc, *id).is_some_and(|held| is_same(&held, folder)))?;
    let sockets = sockets(proc, holder);
    table.0.into_iter().find(|row| sockets.contains(&row.inode)).map(|row| row.at)
}

/// Whether two paths lead to one folder.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// The sockets of this machine that listen.
#[derive(Debug, Default)]
struct SocketTable(Vec<SocketRow>);

#[derive(Debug)]
struct SocketRow {
    at: SocketAddr,
    inode: String,
}

fn table(proc: &Path) -> SocketTable {
    let files = ["tcp", "tcp6"].map(|name| fs::read_to_string(proc.join("net").join(name)).unwrap_or_default());
    SocketTable(files.iter().flat_map(|text| text.lines().filter_map(row)).collect())
}

/// A line of `/proc/net/tcp` whose socket listens: number, own address, other address, state, six columns, inode.
fn row(line: &str) -> Option<SocketRow> {
    let mut columns = line.split_whitespace();
    let (address, state) = (columns.nth(1)?, columns.nth(1)?);
    let inode = columns.nth(5)?.to_owned();
    let (ip, port) = address.split_once(':')?;
    let at = SocketAddr::new(ip_of(ip)?, u16::from_str_radix(port, 16).ok()?);
    (state == LISTENS).then_some(SocketRow { at, inode })
}

/// The kernel prints an address by words of 32 bits, each as its processor reads it.
fn ip_of(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(digits.get(at * 8..at * 8 + 8)?, 16).ok()?;
        Some(u32::from_be(word))
    };
    match digits.len() {
        8 => Some(Ipv4Addr::from_bits(word(0)?).into()),
        32 => {
            let bits = (0..4).try_fold(0_u128, |bits, at| Some((bits << 32) | u128::from(word(at)?)))?;
            Some(Ipv6Addr::from_bits(bits).into())
        }
        _ => None,
    }
}

impl SocketTable {
    fn listening_on(&self, proc: &Path, port: u16) -> Option<Process> {
        let inodes: BTreeSet<&String> =
            self.0.iter().filter(|row| row.at.port() == port).map(|row| &row.inode).collect();
        if inodes.is_empty() {
            return None;
        }
        let id =
            processes(proc).into_iter().find(|id| sockets(proc, *id).iter().any(|inode| inodes.contains(inode)))?;
        let name = fs::read_to_string(proc.join(id.to_string()).join("comm")).ok()?;
        let name = name.chars().filter(|c| !c.is_control()).collect();
        Some(Process { id, name })
    }
}

fn processes(proc: &Path) -> Vec<u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// What a process has open; nothing of one that this user may not look at.
fn open_files(proc: &Path, id: u32) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(proc.join(id.to_string()).join("fd")).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read_link(entry.path()).ok())
}

fn sockets(proc: &Path, id: u32) -> BTreeSet<String> {
    let inode = |path: PathBuf| {
        let inode = path.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    };
    open_files(proc, id).filter_map(inode).collect()
}

/// The data folder that a comfy-recall uses.
fn data_folder(proc: &Path, id: u32) -> Option<PathBuf> {
    let mut files = open_files(proc, id);
    files.find(|path| path.file_name().is_some_and(|name| name == store::LOCK))?.parent().map(Path::to_owned)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What Linux shows of a comfy-recall at `[::1]:8588`, of a program at `127.0.0.1:8188`, and of one that may not be
    /// looked at.
    fn machine() -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("net")).unwrap();
        let line = |address: &str, state: &str, inode: &str| {
            format!(
                "   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0\n"
            )
        };
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            .to_owned()
            + &line("0100007F:1FFC", "01", "1")
            + &line("0100007F:1FFC", "0A", "2")
            + &line("0100007F:0050", "0A", "4");
        let tcp6 = line("00000000000000000000000001000000:218C", "0A", "3");
        fs::write(proc.path().join("net/tcp"), tcp).unwrap();
        fs::write(proc.path().join("net/tcp6"), tcp6).unwrap();
        for (id, name, open) in [
            (7, "python3\n", &["socket:[1]", "/dev/null"][..]),
            (8, "py\u{1b}thon3\n", &["/dev/null", "socket:[2]"]),
            (9, "comfy-recall\n", &["socket:[3]", "/home/ada/history/recall.db", "/home/ada/history/recall.lock"]),
        ] {
            let folder = proc.path().join(id.to_string());
            fs::create_dir_all(folder.join("fd")).unwrap();
            fs::write(folder.join("comm"), name).unwrap();
            for (n, target) in open.iter().enumerate() {
                symlink(target, folder.join("fd").join(n.to_string())).unwrap();
            }
        }
        proc
    }

    #[test]
    fn the_process_that_listens_is_named_and_none_that_is_only_connected() {
        let proc = machine();
        let on = |port| table(proc.path()).listening_on(proc.path(), port);
        assert_eq!(on(8188), Some(Process { id: 8, name: "python3".to_owned() }));
        assert_eq!(on(8588).map(|process| process.id), Some(9));
        assert_eq!((on(80), on(9999)), (None, None), "one that may not be looked at, and none");
        let at: Vec<String> = table(proc.path()).0.iter().map(|row| row.at.to_string()).collect();
        assert_eq!(at, ["127.0.0.1:8188", "127.0.0.1:80", "[::1]:8588"]);
    }

    #[test]
    fn the_data_folder_of_a_daemon_is_where_its_lock_is() {
        let proc = machine();
        assert_eq!(data_folder(proc.path(), 9), Some("/home/ada/history".into()));
        assert_eq!(data_folder(proc.path(), 8), None);
        assert_eq!(data_folder(Path::new("/none"), 9), None);
        assert_eq!(table(Path::new("/none")).listening_on(Path::new("/none"), 8588), None);
    }

    #[test]
    fn a_tenant_is_told_in_words() {
        let process = Some(Process { id: 8, name: "python3".to_owned() });
        for (tenant, told) in [
            (Tenant::Ours(None), "another comfy-recall uses it"),
            (Tenant::Ours(Some("/data".into())), "another comfy-recall uses it, with the data folder /data"),
            (
                Tenant::ComfyUi(Some("0.26.0".to_owned()), process.clone()),
                "ComfyUI 0.26.0 uses it (python3, process 8)",
            ),
            (Tenant::ComfyUi(None, None), "ComfyUI uses it"),
            (Tenant::Other(process), "the program python3 (process 8) uses it"),
            (Tenant::Other(None), "another program uses it"),
        ] {
            assert_eq!(tenant.to_string(), told);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_is_found_by_its_socket() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let found = table(Path::new(PROC)).listening_on(Path::new(PROC), socket.local_addr().unwrap().port());
        assert_eq!(found.map(|process| process.id), Some(std::process::id()));
    }
}
