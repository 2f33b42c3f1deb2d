//! Where to listen.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::problem::ValueProblem;

/// An address to listen on. A name is resolved when the socket is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address or name.
    pub host: Host,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

/// An address or a name of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Ip(IpAddr),
    /// A name, in lower case.
    Name(String),
}

impl Listen {
    /// The port where nobody said another: beside ComfyUI's, and none that its proxies, galleries or a second one take.
    pub const DEFAULT_PORT: u16 = 8588;

    /// Whether only this machine can reach it. Of the names only `localhost` counts; whoever binds it should check that
    /// it resolves to loopback.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Ip(ip) => ip.to_canonical().is_loopback(),
            Host::Name(name) => name == "localhost",
        }
    }
}

impl FromStr for Listen {
    type Err = ValueProblem;

    fn from_str(text: &str) -> Result<Self, ValueProblem> {
        // As a browser shows the page that is to be there.
        let text = text.strip_prefix("http://").map_or(text, |rest| rest.strip_suffix('/').unwrap_or(rest));
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(ValueProblem::Brackets);
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if let Some(port) = Some(text.strip_prefix(':').unwrap_or(text)).filter(|port| is_number(port)) {
            let port = port.parse().map_err(|_| ValueProblem::Port)?;
            return Ok(Self { host: Host::Ip(Ipv4Addr::LOCALHOST.into()), port });
        }
        let (host, port) = text.rsplit_once(':').ok_or(ValueProblem::NoPort)?;
        let port = port.parse().ok().filter(|_| is_number(port)).ok_or(ValueProblem::Port)?;
        if host.parse::<Ipv6Addr>().is_ok() {
            return Err(ValueProblem::Brackets);
        }
        Ok(Self { host: host.parse()?, port })
    }
}

impl FromStr for Host {
    type Err = ValueProblem;

    fn from_str(text: &str) -> Result<Self, ValueProblem> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inner.parse().map(|ip| Self::Ip(IpAddr::V6(ip))).map_err(|_| ValueProblem::Host);
        }
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
        let is_label = |label: &str| {
            let plain = label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
            (1..=63).contains(&label.len()) && plain && !label.starts_with('-')
        };
        // A name that ends in a number is a mistyped address.
        let is_address = labels().next_back().is_some_and(|last| last.bytes().all(|c| c.is_ascii_digit()));
        if text.len() > 253 || is_address || !labels().all(is_label) {
            return Err(ValueProblem::Host);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_listen_reads_back_what_it_writes() {
        for text in ["127.0.0.1:8588", "0.0.0.0:0", "[::1]:65535", "[::]:80", "localhost:8588", "my_host.lan:1"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_port_alone_is_one_of_this_machine_and_the_address_of_a_page_is_a_place() {
        for (text, listen) in [
            ("8299", "127.0.0.1:8299"),
            (":8299", "127.0.0.1:8299"),
            ("0", "127.0.0.1:0"),
            ("http://127.0.0.1:8588", "127.0.0.1:8588"),
            ("http://[::1]:8588/", "[::1]:8588"),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), listen);
        }
    }

    #[test]
    fn only_loopback_counts_as_this_machine() {
        for (text, is_loopback) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("LocalHost:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.1.5:1", false),
            ("localhost.evil.example:1", false),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().is_loopback(), is_loopback, "{text}");
        }
    }

    #[test]
    fn what_is_no_place_to_listen_is_told_apart() {
        for (text, problem) in [
            ("", ValueProblem::NoPort),
            ("80800", ValueProblem::Port),
            ("127.0.0.1", ValueProblem::NoPort),
            ("127.0.0.1:80800", ValueProblem::Port),
            ("127.0.0.1:", ValueProblem::Port),
            ("127.0.0.1:+80", ValueProblem::Port),
            ("127.0.0.1:http", ValueProblem::Port),
            (":80800", ValueProblem::Port),
            (":", ValueProblem::Port),
            ("*:8588", ValueProblem::Host),
            ("127.0.0.256:8588", ValueProblem::Host),
            ("https://127.0.0.1:8588", ValueProblem::Host),
            ("http://127.0.0.1:8588/history", ValueProblem::Port),
            ("a b:8588", ValueProblem::Host),
            ("[::g]:8588", ValueProblem::Host),
            ("::1", ValueProblem::Brackets),
            ("::1:8588", ValueProblem::Brackets),
            ("fe80:0:0:0:1:2:3:4:8588", ValueProblem::Brackets),
        ] {
            assert_eq!(text.parse::<Listen>(), Err(problem), "{text}");
        }
    }
}
