//! The page in the browser of this machine: where it is, whether a daemon of ours answers there, and opening it.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::config::{Host, Listen};

/// A daemon on this machine answers in less.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest answer that is read: ours is shorter.
const LONGEST_ANSWER: u64 = 16 << 10;

/// What our `/healthz` says, beside that it answers.
const SIGN: &str = "\"app\":\"comfy-recall\"";

/// Where somebody on this machine reaches what listens there; `None` when the port isn't known.
pub fn reachable(listen: &Listen) -> Option<Listen> {
    let host = match &listen.host {
        Host::Ip(ip) => Host::Ip(here(*ip)),
        host @ Host::Name(_) => host.clone(),
    };
    (listen.port != 0).then_some(Listen { host, port: listen.port })
}

/// The address of the pages that are served at a bound address, for a browser on this machine.
pub fn address(bound: SocketAddr, base: &str) -> String {
    format!("http://{}{base}/", SocketAddr::new(here(bound.ip()), bound.port()))
}

/// An address that means all of this machine is reached on itself.
fn here(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Who is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// A daemon of ours.
    Ours,
    /// Something that takes connections, and isn't ours or doesn't say so.
    Other,
    Nobody,
}

/// Whether a daemon of ours is there. Blocks, for a second at most and a name's lookup.
pub fn answers(listen: &Listen, base: &str) -> bool {
    who(listen, base) == There::Ours
}

/// Who is there. Blocks as [`answers`] does.
pub fn who(listen: &Listen, base: &str) -> There {
    let Ok(stream) = connect(listen) else { return There::Nobody };
    let is_ours = ask(stream, listen, base).is_ok_and(|answer| {
        let is_well = answer.split(' ').nth(1) == Some("200");
        is_well && answer.contains(SIGN)
    });
    if is_ours { There::Ours } else { There::Other }
}

/// The first of its addresses that takes connections: `localhost` is two.
fn connect(listen: &Listen) -> io::Result<TcpStream> {
    let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in listen.to_string().to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn ask(mut stream: TcpStream, listen: &Listen, base: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {base}/healthz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Opens an address in the browser, which goes on by itself.
///
/// # Errors
/// There is nothing here that opens it.
pub fn open(address: &str) -> io::Result<()> {
    ::open::that_detached(address)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn an_address_that_means_all_of_this_machine_is_reached_on_itself() {
        for (listen, reached) in [
            ("0.0.0.0:8588", "127.0.0.1:8588"),
            ("[::]:8588", "[::1]:8588"),
            ("192.168.1.5:80", "192.168.1.5:80"),
            ("my.host:80", "my.host:80"),
        ] {
            assert_eq!(reachable(&listen.parse().unwrap()).unwrap().to_string(), reached);
        }
        assert_eq!(reachable(&"127.0.0.1:0".parse().unwrap()), None);
        assert_eq!(address("0.0.0.0:8588".parse().unwrap(), "/history"), "http://127.0.0.1:8588/history/");
        assert_eq!(address("[::1]:8588".parse().unwrap(), ""), "http://[::1]:8588/");
    }

    #[test]
    fn only_a_daemon_of_ours_is_taken_for_one() {
        for (answer, is_ours) in [
            (
                r#"HTTP/1.1 200 OK

{"status":"ok","app":"comfy-recall"}"#,
                true,
            ),
            (
                r#"HTTP/1.1 503 Service Unavailable

{"app":"comfy-recall"}"#,
                false,
            ),
            (
                r#"HTTP/1.1 200 OK

{"status":"ok"}"#,
                false,
            ),
            ("SSH-2.0-OpenSSH_9.2", false),
            ("", false),
        ] {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let listen = server.local_addr().unwrap().to_string().parse().unwrap();
            let serving = thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            assert_eq!(who(&listen, ""), if is_ours { There::Ours } else { There::Other }, "{answer}");
            serving.join().unwrap();
        }
        assert_eq!(who(&"127.0.0.1:1".parse().unwrap(), ""), There::Nobody);
    }
}
