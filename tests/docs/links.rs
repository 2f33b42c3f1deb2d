//! Every link leads somewhere. What lies outside isn't fetched: it must be an address that a browser could open safely.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::page::{Page, root};

/// `docs/../README.md` is `README.md`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{} leads out of the repository", path.display()),
            part => plain.push(part),
        }
    }
    plain
}

/// https, or a server on this machine.
fn is_sound(address: &str) -> bool {
    let Ok(address) = Url::parse(address) else { return false };
    let is_here = match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    address.scheme() == "https" && address.has_host() || address.scheme() == "http" && is_here
}

/// What is wrong with a link of a page.
fn fault(page: &Page, link: &str, anchors: &BTreeMap<String, Vec<String>>) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return (!is_sound(link)).then(|| "isn't an https address".to_owned());
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let path = percent_decode_str(path).decode_utf8().unwrap();
    let target = match &*path {
        "" => page.path.clone(),
        path => {
            let folder = Path::new(&page.path).parent().unwrap();
            plain(&folder.join(path)).to_str().unwrap().to_owned()
        }
    };
    if target != page.path && !root().join(&target).exists() {
        return Some(format!("there is no {target}"));
    }
    let anchor = percent_decode_str(anchor?).decode_utf8().unwrap().into_owned();
    let known = anchors.get(&target).map_or(&[][..], Vec::as_slice);
    (!known.contains(&anchor)).then(|| format!("{target} has no heading #{anchor}; it has {known:?}"))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = Page::all();
    let anchors = pages.iter().map(|page| (page.path.clone(), page.anchors())).collect();
    let links = pages.iter().flat_map(|page| page.links().into_iter().map(move |link| (page, link)));
    let links = links.collect::<Vec<_>>();
    assert!(links.len() > 80, "only {} links were found", links.len());
    let faults = links
        .iter()
        .filter_map(|(page, link)| fault(page, link, &anchors).map(|fault| format!("{}: {link}: {fault}", page.path)));
    let faults = faults.collect::<Vec<_>>();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_leads_nowhere_is_seen() {
    let text = "# One `two`, three\n\n## 中文 标题\n\n## Again\n\n## Again\n\n```sh\n# no heading [no](link)\n```\n\n\
        [a](#one-two-three) ![b](LICENSE) <https://example.org/x> `[code](no)` <img src=\"Cargo.toml\"> [c](#again-1)\n";
    let page = Page { path: "docs/../made-up.md".to_owned(), text: text.to_owned() };
    let page = Page { path: "made-up.md".to_owned(), ..page };
    assert_eq!(page.anchors(), ["one-two-three", "中文-标题", "again", "again-1"]);
    let links = page.links();
    assert_eq!(links, ["#one-two-three", "LICENSE", "https://example.org/x", "Cargo.toml", "#again-1"]);
    let anchors = BTreeMap::from([(page.path.clone(), page.anchors())]);
    for link in &links {
        assert_eq!(fault(&page, link, &anchors), None, "{link}");
    }
    for link in ["#two", "none.md", "http://example.org/", "https://", "ftp://example.org/", "LICENSE#mit"] {
        assert!(fault(&page, link, &anchors).is_some(), "{link}");
    }
}
