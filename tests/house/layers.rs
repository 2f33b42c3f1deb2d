//! Imports point down only, and rooms of one layer don't know each other: the table of the design, held.

use std::collections::BTreeSet;

use super::imports::graph;

/// Each room, and the rooms that it may name. `*`: every one.
const MAY_NAME: &[(&str, &[&str])] = &[
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
    ("intake", &["comfy", "store", "media", "facts", "model", "json"]),
    (
        "recorder",
        &["intake", "comfy", "store", "blobs", "media", "live", "metrics", "model", "json", "foreign", "pace"],
    ),
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
    let mut seen = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    for (file, named) in graph() {
        let room = file[0].clone();
        if room == "lib" {
            continue;
        }
        let Some((_, may_name)) = MAY_NAME.iter().find(|(known, _)| *known == room) else {
            wrong.insert(format!("{}: the room {room} is not in the table of this test", file.join("::")));
            continue;
        };
        for other in named.iter().map(|file| file[0].as_str()).filter(|other| *other != room && *other != "lib") {
            if !may_name.contains(&other) && !may_name.contains(&"*") {
                wrong.insert(format!("{}: {room} may not name {other}", file.join("::")));
            }
        }
        seen.insert(room);
    }
    assert!(seen.contains("model") && seen.contains("main"), "the sources were not found: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}
