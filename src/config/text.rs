//! From the texts that users write to values.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use crate::model::{Digest, InstanceName, Status};

use super::listen::{Host, Listen};
use super::log::{LogFormat, LogLevel};
use super::problem::ValueProblem;
use super::secret::Secret;

/// What stands before a token's hash in the configuration.
pub(super) const HASH_MARK: &str = "sha256:";

/// Headers that make a request what it is, or that ComfyUI refuses: a header of the user's own would break them.
const OURS: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::ORIGIN,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Refuses what is no path on this system, and would be taken for one below the working folder.
pub(super) fn path(text: &str, is_windows: bool) -> Result<(), ValueProblem> {
    let is_drive = |text: &str| {
        let mut start = text.chars();
        let letter = start.next().is_some_and(|c| c.is_ascii_alphabetic());
        letter && start.next() == Some(':') && matches!(start.next(), Some('\\' | '/') | None)
    };
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:")) {
        return Err(ValueProblem::FileUrl);
    }
    match !is_windows && (is_drive(text) || text.starts_with(r"\\")) {
        true => Err(ValueProblem::WindowsPath),
        false => Ok(()),
    }
}

/// Reads a switch.
pub(super) fn switch(text: &str) -> Result<bool, ValueProblem> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(ValueProblem::Switch),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, ValueProblem> {
    [LogFormat::Text, LogFormat::Json].into_iter().find(|format| format.as_str() == text).ok_or(ValueProblem::LogFormat)
}

pub(super) fn log_level(text: &str) -> Result<LogLevel, ValueProblem> {
    LogLevel::ALL.into_iter().find(|level| level.as_str() == text).ok_or(ValueProblem::LogLevel)
}

/// Reads a name that a `Host` header may hold.
pub(super) fn host_name(text: &str) -> Result<String, ValueProblem> {
    match text.parse() {
        Ok(Host::Ip(std::net::IpAddr::V6(ip))) => Ok(format!("[{ip}]")),
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(ValueProblem::HostName),
    }
}

/// Reads an address, or a net of them.
pub(super) fn net(text: &str) -> Result<IpNet, ValueProblem> {
    let net = text.parse().or_else(|_| text.parse().map(|ip: std::net::IpAddr| IpNet::from(ip.to_canonical())));
    net.map_err(|_| ValueProblem::Proxy)
}

/// Reads where pages come from, and writes it as browsers do.
pub(super) fn origin(text: &str) -> Result<String, ValueProblem> {
    let url = Url::parse(text).map_err(|_| ValueProblem::Origin)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_named = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    if is_bare && is_named { Ok(url.origin().ascii_serialization()) } else { Err(ValueProblem::Origin) }
}

/// Reads what the log calls a token.
pub(super) fn token_name(text: &str) -> Result<String, ValueProblem> {
    // The same letters as those of an instance.
    text.parse::<InstanceName>().map(|_| text.to_owned()).map_err(|_| ValueProblem::TokenName)
}

/// Reads the name of an input, a header or a variable.
pub(super) fn secret_name(text: &str) -> Result<String, ValueProblem> {
    let name = text.trim();
    let is_name = name.len() <= 100 && name.chars().any(char::is_alphanumeric);
    if is_name { Ok(name.to_owned()) } else { Err(ValueProblem::SecretName) }
}

pub(super) fn token_hash(text: &str) -> Result<Digest, ValueProblem> {
    text.strip_prefix(HASH_MARK).and_then(|digits| digits.parse().ok()).ok_or(ValueProblem::TokenHash)
}

/// Reads where a webhook is sent.
pub(super) fn webhook_url(text: &str) -> Result<Url, ValueProblem> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none());
    url.filter(|url| url.port() != Some(0)).ok_or(ValueProblem::WebhookUrl)
}

/// Reads how a run has ended.
pub(super) fn final_status(text: &str) -> Result<Status, ValueProblem> {
    text.parse().ok().filter(|status: &Status| !status.is_open()).ok_or(ValueProblem::WebhookStatus)
}

/// Reads a header; the value is flagged as sensitive, whatever it is.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), ValueProblem> {
    let (name, value) = text.split_once(':').ok_or(ValueProblem::Header)?;
    let name: HeaderName = name.trim().parse().map_err(|_| ValueProblem::Header)?;
    if OURS.contains(&name) {
        return Err(ValueProblem::OurHeader(name));
    }
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| ValueProblem::HeaderValue)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Reads the address of a ComfyUI: made to end in `/`, its user and password taken out and turned into a header.
pub(super) fn url(text: &str) -> Result<(Url, Option<HeaderValue>), ValueProblem> {
    let mut url = match Url::parse(&with_scheme(text)) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Err(_) if authority(text).parse::<Listen>() == Err(ValueProblem::Brackets) => {
            return Err(ValueProblem::UrlBrackets);
        }
        Err(ParseError::InvalidPort) => return Err(ValueProblem::UrlPort),
        _ => return Err(not_http(text)),
    };
    if url.query().is_some() {
        return Err(ValueProblem::UrlQuery);
    }
    if url.fragment().is_some() {
        return Err(ValueProblem::UrlFragment);
    }
    if url.port() == Some(0) {
        return Err(ValueProblem::UrlPort);
    }
    // ComfyUI's log shows the address that it listens on, to which not every system connects.
    let here = match url.host() {
        Some(url::Host::Ipv4(ip)) if ip.is_unspecified() => Some(Ipv4Addr::LOCALHOST.into()),
        Some(url::Host::Ipv6(ip)) if ip.is_unspecified() => Some(Ipv6Addr::LOCALHOST.into()),
        _ => None,
    };
    // Can't fail either, as below.
    let _ = here.map(|ip| url.set_ip_host(ip));
    let basic = basic(&url);
    // Neither can fail for a URL that has a host, and http insists on one.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok((url, basic))
}

/// An address as browsers and logs show it: `HOST:PORT/PATH`, or a port of this machine.
fn with_scheme(text: &str) -> Cow<'_, str> {
    let host = authority(text);
    let port = host.strip_prefix(':').unwrap_or(host);
    if !port.is_empty() && text.starts_with(host) && port.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("http://{}:{}", Ipv4Addr::LOCALHOST, text.trim_start_matches(':')).into();
    }
    match text.starts_with(host) && host.parse::<Listen>().is_ok() {
        true => format!("http://{text}").into(),
        false => text.into(),
    }
}

/// Host and port, behind a scheme and a user where there are any.
fn authority(text: &str) -> &str {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    let whole = behind.split(['/', '?', '#']).next().unwrap_or_default();
    whole.rsplit_once('@').map_or(whole, |(_, host)| host)
}

fn not_http(text: &str) -> ValueProblem {
    let behind_name = text.split_once('=').filter(|(_, rest)| rest.starts_with("http"));
    match behind_name.map(|(name, _)| name.parse::<InstanceName>()) {
        Some(Err(problem)) if !text.starts_with("http") => ValueProblem::InstanceName(problem),
        _ => ValueProblem::Url,
    }
}

fn basic(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut plain: Vec<u8> = percent_decode_str(url.username()).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(url.password().unwrap_or_default()));
    let encoded = format!("Basic {}", BASE64_STANDARD.encode(plain));
    let mut value = HeaderValue::from_str(&encoded).expect("base64 is plain ASCII");
    value.set_sensitive(true);
    Some(value)
}

/// A URL as it may be shown in an error: without whatever could be its user and password, or a token behind it.
pub(super) fn shown_url(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let (before, text) = match text.rfind('@') {
        Some(end) if end >= start => (format!("{}{}", &text[..start], Secret::REDACTED), &text[end..]),
        _ => (String::new(), text),
    };
    match text.find(['?', '#']) {
        Some(end) if end + 1 < text.len() => format!("{before}{}{}", &text[..=end], Secret::REDACTED),
        _ => before + text,
    }
}

/// A header as it may be shown in an error: its name.
pub(super) fn shown_header(text: &str) -> String {
    text.split_once(':')
        .map_or_else(|| Secret::REDACTED.to_owned(), |(name, _)| format!("{name}: {}", Secret::REDACTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_ends_in_a_slash_and_gives_up_its_password() {
        for (text, plain, header) in [
            ("http://127.0.0.1:8188", "http://127.0.0.1:8188/", None),
            ("HTTPS://GPU.lan/comfy", "https://gpu.lan/comfy/", None),
            ("https://gpu.lan/comfy/", "https://gpu.lan/comfy/", None),
            ("http://[::1]:8188/a%20b", "http://[::1]:8188/a%20b/", None),
            ("http://Aladdin:open%20sesame@h/x", "http://h/x/", Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
            ("http://me@h", "http://h/", Some("Basic bWU6")),
            ("http://:pw@h", "http://h/", Some("Basic OnB3")),
            ("127.0.0.1:8188", "http://127.0.0.1:8188/", None),
            ("localhost:8188/comfy", "http://localhost:8188/comfy/", None),
            ("[::1]:8188", "http://[::1]:8188/", None),
            ("gpu.lan:80", "http://gpu.lan/", None),
            ("8188", "http://127.0.0.1:8188/", None),
            (":8188/comfy", "http://127.0.0.1:8188/comfy/", None),
            ("http://0.0.0.0:8188", "http://127.0.0.1:8188/", None),
            ("0.0.0.0:8188/", "http://127.0.0.1:8188/", None),
            ("http://[::]:8188", "http://[::1]:8188/", None),
        ] {
            let (url, basic) = url(text).unwrap();
            assert_eq!(url.as_str(), plain);
            assert_eq!(basic.as_ref().map(|value| value.to_str().unwrap()), header, "{text}");
            assert!(basic.is_none_or(|value| value.is_sensitive()));
        }
    }

    #[test]
    fn what_is_no_address_of_a_comfyui_is_told_apart() {
        for (text, problem) in [
            ("", ValueProblem::Url),
            ("gpu.lan", ValueProblem::Url),
            ("127.0.0.1", ValueProblem::Url),
            ("99999", ValueProblem::UrlPort),
            ("me:secret@gpu.lan:8188", ValueProblem::Url),
            ("::1:8188", ValueProblem::UrlBrackets),
            ("http://::1:8188", ValueProblem::UrlBrackets),
            ("https://fe80::1/comfy", ValueProblem::UrlBrackets),
            ("ws://127.0.0.1:8188/ws", ValueProblem::Url),
            ("file:///etc/passwd", ValueProblem::Url),
            ("http://", ValueProblem::Url),
            ("http://h:80800", ValueProblem::UrlPort),
            ("http://h:0", ValueProblem::UrlPort),
            ("http://h/?token=x", ValueProblem::UrlQuery),
            ("http://h?token=x#top", ValueProblem::UrlQuery),
            ("127.0.0.1:8188/?token=x", ValueProblem::UrlQuery),
            ("http://h/#top", ValueProblem::UrlFragment),
            ("http://h/#/?token=x", ValueProblem::UrlFragment),
            ("localhost:8188#3f9c", ValueProblem::UrlFragment),
            ("my gpu=http://h", ValueProblem::InstanceName(crate::model::ParseIdError::InstanceName)),
        ] {
            assert_eq!(url(text).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for (text, shown) in [
            ("http://h", "http://h"),
            ("ftp://u:hunter2@h", "ftp://[redacted]@h"),
            ("u:hunter2@h", "[redacted]@h"),
            ("http://u:hunt@er2@h", "http://[redacted]@h"),
            ("gpu=ftp://u:hunter2@h", "gpu=ftp://[redacted]@h"),
            ("http://h/?token=hunter2", "http://h/?[redacted]"),
            ("http://h/#token=hunter2", "http://h/#[redacted]"),
            ("http://u:hunter2@h/?token=hunter2#a", "http://[redacted]@h/?[redacted]"),
            ("http://h/?token=hunter2@x", "http://[redacted]@x"),
        ] {
            assert_eq!(shown_url(text), shown);
        }
        assert_eq!(shown_header("X-Key: hunter2"), "X-Key: [redacted]");
        assert_eq!(shown_header("Bearer hunter2"), "[redacted]");
    }

    #[test]
    fn a_header_is_a_name_a_colon_and_a_value() {
        let (name, value) = header("X-Key:  a:b=c ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap(), value.is_sensitive()), ("x-key", "a:b=c", true));
        for (text, problem) in [
            ("X-Key", ValueProblem::Header),
            ("a b: c", ValueProblem::Header),
            (": c", ValueProblem::Header),
            ("X-Key: a\nb", ValueProblem::HeaderValue),
            ("Origin: http://h", ValueProblem::OurHeader(header::ORIGIN)),
        ] {
            assert_eq!(header(text).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn a_path_is_one_of_this_system_and_no_address() {
        for (text, on_windows, elsewhere) in [
            (r"C:\ComfyUI", Ok(()), Err(ValueProblem::WindowsPath)),
            (r"d:/ComfyUI\output", Ok(()), Err(ValueProblem::WindowsPath)),
            (r"C:", Ok(()), Err(ValueProblem::WindowsPath)),
            (r"\\server\share\ComfyUI", Ok(()), Err(ValueProblem::WindowsPath)),
            (r"\\?\C:\ComfyUI", Ok(()), Err(ValueProblem::WindowsPath)),
            (r"ComfyUI\output", Ok(()), Ok(())),
            ("/srv/ComfyUI", Ok(()), Ok(())),
            ("//server/share", Ok(()), Ok(())),
            ("./C:\\x", Ok(()), Ok(())),
            ("a:b", Ok(()), Ok(())),
            ("文件夹", Ok(()), Ok(())),
            ("~/ComfyUI", Ok(()), Ok(())),
            ("file:///home/ada/ComfyUI", Err(ValueProblem::FileUrl), Err(ValueProblem::FileUrl)),
            ("FILE://server/share", Err(ValueProblem::FileUrl), Err(ValueProblem::FileUrl)),
        ] {
            assert_eq!((path(text, true), path(text, false)), (on_windows, elsewhere), "{text}");
        }
    }
}
