//! Imports point down only, and rooms of one layer don't know each other: the table of the design, held.

#![allow(clippy::unwrap_used)] // Also outside `#[test]`: all of this is a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may name. `*`: every one.
const MAY_NAME: [(&str, &[&str]); 30] = [
    // 0: words
    ("model", &[]),
    ("json", &[]),
    ("share", &[]),
    ("memory", &[]),
    ("foreign", &[]),
    ("pace", &["model"]),
    ("paging", &["model"]),
    ("sqlite", &["model"]),
    // 1: rooms
    ("comfy", &["model", "json"]),
    ("index", &["model", "memory", "paging", "sqlite"]),
    ("store", &["model", "json", "share", "memory", "paging", "sqlite", "index", "live"]),
    ("blobs", &["model", "share"]),
    ("media", &["model"]),
    ("facts", &["model", "json"]),
    ("search", &["model"]),
    ("live", &["model"]),
    ("metrics", &["model"]),
    // 2: engine
    ("recorder", &["comfy", "store", "blobs", "media", "facts", "live", "metrics", "model", "json", "foreign"]),
    ("indexer", &["store", "facts", "search", "live", "model", "json", "pace"]),
    ("thumbs", &["store", "blobs", "media", "live", "model", "sqlite", "pace"]),
    ("export", &["store", "blobs", "facts", "model", "json"]),
    ("webhooks", &["store", "export", "facts", "live", "model", "pace"]),
    // 3: edge
    ("web", &["store", "blobs", "thumbs", "export", "facts", "search", "live", "metrics", "model", "json", "memory"]),
    // 4: app
    ("config", &["model"]),
    ("cli", &["config"]),
    ("telemetry", &["config"]),
    ("browser", &["config"]),
    ("app", &["*"]),
    (
        "commands",
        &[
            "config",
            "cli",
            "comfy",
            "store",
            "blobs",
            "search",
            "export",
            "model",
            "json",
            "facts",
            "app",
            "telemetry",
            "browser",
        ],
    ),
    ("main", &["app", "cli", "commands", "config", "telemetry"]),
];

#[test]
fn imports_point_down_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in rust_files(&source) {
        let room = room_of(path.strip_prefix(&source).unwrap());
        // What only tests compile may stand on any room: a page is tested with real files.
        let is_test = path.ends_with("testing.rs") || path.components().any(|part| part.as_os_str() == "tests");
        if room == "lib" || is_test {
            continue;
        }
        let Some((_, may_name)) = MAY_NAME.iter().find(|(known, _)| *known == room) else {
            wrong.push(format!("{}: the room {room} is not in the table of this test", path.display()));
            continue;
        };
        for named in rooms_named(&fs::read_to_string(&path).unwrap()) {
            if named != room && !may_name.contains(&named.as_str()) && !may_name.contains(&"*") {
                wrong.push(format!("{}: {room} may not name {named}", path.display()));
            }
        }
        seen.insert(room);
    }
    assert!(seen.contains("model") && seen.contains("main"), "the sources were not found: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_way_to_name_a_room_is_seen() {
    for (code, named) in [
        ("use crate::store::Store;", &["store"][..]),
        ("use crate::{live, model::{Page, Status}, r#web as edge};", &["live", "model", "web"]),
        ("use crate::{\n    store::{self, Error},\n    live::Live,\n};", &["live", "store"]),
        ("fn f() -> crate :: blobs::Blobs { $crate::media::sniff() }", &["blobs", "media"]),
        ("use comfy_recall::app;", &["app"]),
        ("pub(crate) use crate::json::to_strict; pub(in crate::facts) fn f() {}", &["facts", "json"]),
        ("use ::comfy_recall::web;", &["web"]),
        ("// use crate::store::Store;\n/// [`crate::store`]\n/* crate::web */ fn f() {}", &[]),
        ("let text = \"crate::store\"; let c = '\"'; use crate::live;", &["live"]),
        ("let text = r#\"a \" crate::store\"#; let t = \"\\\"crate::store\"; use crate::live;", &["live"]),
        ("use mycrate::store; use other::crates::web;", &[]),
        ("use crate::*;", &["*"]),
        ("fn f<'a>(a: &'a str) -> crate::model::Page<'a> {}", &["model"]),
    ] {
        let named: BTreeSet<String> = named.iter().map(|room| (*room).to_owned()).collect();
        assert_eq!(rooms_named(code), named, "{code}");
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    here.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

/// `src/store/write.rs` and `src/store.rs` are both of the room `store`.
fn room_of(path: &Path) -> String {
    Path::new(path.iter().next().unwrap()).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The first names behind `crate::`, also those of a group in braces.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let tokens = tokens(code);
    let mut rooms = BTreeSet::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        if !matches!(pair[0].as_str(), "crate" | "comfy_recall") || pair[1] != "::" {
            continue;
        }
        let rest = &tokens[at + 2..];
        if rest.first().is_none_or(|token| token != "{") {
            rooms.extend(rest.first().cloned());
            continue;
        }
        let mut depth = 0;
        let mut starts_entry = false;
        for token in rest {
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ if starts_entry => drop(rooms.insert(token.clone())),
                _ => {}
            }
            starts_entry = depth == 1 && matches!(token.as_str(), "{" | ",");
            if depth == 0 {
                break;
            }
        }
    }
    rooms.remove("self");
    rooms
}

/// Words, `::`, and single characters; comments and the insides of strings and characters are left out.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string_hashes(rest) {
            let open = rest.find('"').unwrap_or(0) + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if rest.starts_with("r#") {
            2
        } else if c == '"' {
            string_length(rest)
        } else if c == '\'' {
            character_length(rest)
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else if c.is_alphanumeric() || c == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How many `#` a raw string opens with, where one starts here.
fn raw_string_hashes(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    behind[hashes..].starts_with('"').then_some(hashes)
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character in quotes, or only the quote of a lifetime.
fn character_length(text: &str) -> usize {
    let mut inside = text.char_indices().skip(1);
    match (inside.next(), inside.next()) {
        (Some((_, '\\')), Some((at, _))) => text[at + 1..].find('\'').map_or(1, |end| at + end + 2),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
