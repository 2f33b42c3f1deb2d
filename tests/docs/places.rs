//! Rooms, files and folders that the pages name are there.

use std::fs;

use super::page::{Page, root};

/// What a name of a place in the repository begins with.
const OURS: [&str; 9] = ["packaging/", "src/", "tests/", "docs/", "templates/", "assets/", "benches/", "fuzz/", ".ci/"];

#[test]
fn the_picture_and_the_table_show_every_room() {
    let (page, picture) = (Page::read("docs/architecture.md"), Page::read("docs/architecture.svg"));
    let rooms = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let rooms = rooms.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).filter(|room| room != "lib");
    let rooms = rooms.collect::<Vec<_>>();
    assert!(rooms.len() > 20, "{rooms:?}");
    let table = page.rows().into_iter().map(|row| row[0].join(" ")).collect::<Vec<_>>();
    let shown = picture.text.split("</text>").filter_map(|part| part.rsplit('>').next()).collect::<Vec<_>>();
    for room in rooms {
        let is_named = |text: &str| text.split([' ', ',']).any(|word| word == room);
        assert!(table.iter().any(|row| is_named(row)), "{room} isn't in the table");
        assert!(shown.iter().any(|text| is_named(text)), "{room} isn't in the picture");
    }
}

#[test]
fn files_that_are_named_are_there() {
    let mut seen = 0;
    for page in Page::all() {
        for named in page.code() {
            let path = named.replace('\\', "/");
            // A pattern or a sentence is no name.
            if !OURS.iter().any(|start| path.starts_with(start)) || path.contains([' ', '*', '…', '{']) {
                continue;
            }
            seen += 1;
            assert!(root().join(&path).exists(), "{}: there is no {named}", page.path);
        }
    }
    assert!(seen > 20, "{seen}");
}

/// What the default port was: told where one upgrades, else nowhere.
const OLD_PORT: &str = "8189";

#[test]
fn nothing_names_the_port_that_was_the_default() {
    let (mut read, mut found) = (0, Vec::new());
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            let is_made = ["target", "node_modules", "fixtures", ".git", "Cargo.lock", "CHANGELOG.md"];
            if is_made.iter().any(|made| *made == name) || path.ends_with("tests/docs/places.rs") {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            read += 1;
            // The number of the container's user isn't the port, and those who upgrade are told.
            let is_user = |line: &str| {
                ["--gid", "--uid", "-o 8189", "USER", "container's user"].iter().any(|it| line.contains(it))
            };
            let lines = text.lines().filter(|line| line.contains(OLD_PORT) && !is_user(line));
            let lines = lines.filter(|_| !path.ends_with("docs/operations.md"));
            found.extend(lines.map(|line| format!("{}: {line}", path.display())));
        }
    }
    assert!(read > 300, "only {read} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let told = Page::read("docs/operations.md").text;
    assert_eq!(
        told.lines().filter(|line| line.contains(OLD_PORT)).count(),
        3,
        "the old port is told of where one upgrades"
    );
}
