//! `docs/dependencies.md` names every crate of the lock, and nothing that isn't in it.

use std::collections::BTreeSet;
use std::fs;

use super::page::{Page, root};

/// The crates of the lock but ours; and those that our manifest names.
fn locked() -> (BTreeSet<String>, BTreeSet<String>) {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let name = |package: &toml::Value| package["name"].as_str().unwrap().to_owned();
    let (ours, others): (Vec<_>, Vec<_>) = packages.iter().partition(|package| name(package) == "comfy-recall");
    let direct = ours[0]["dependencies"].as_array().unwrap().iter();
    let direct = direct.map(|it| it.as_str().unwrap().split(' ').next().unwrap().to_owned()).collect();
    (others.into_iter().map(name).collect(), direct)
}

/// What stands in backticks in the rows of the tables.
fn named(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = rows.flat_map(|row| row.split('|').enumerate().filter(|(at, _)| [1, 3].contains(at)));
    cells.flat_map(|(_, cell)| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_crate_of_the_lock_is_named_and_each_of_ours_with_a_reason() {
    let page = Page::read("docs/dependencies.md").text;
    let (locked, direct) = locked();
    let named = named(&page);
    assert_eq!(locked.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "not on the page");
    assert_eq!(named.difference(&locked).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the lock");
    for name in direct {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let reason = row.and_then(|row| row.split('|').nth(2)).unwrap_or_else(|| panic!("{name} has no row"));
        assert!(reason.trim().len() > 5, "{name} has no reason");
    }
}

#[test]
fn the_page_counts_the_crates_of_the_lock() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let crates = lock.matches("\n[[package]]\n").count() - 1;
    assert!(
        Page::read("docs/dependencies.md").text.contains(&format!("The lock has {crates} crates besides our own.")),
        "{crates}"
    );
}
