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
