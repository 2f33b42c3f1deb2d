//! The table of spellings against what users read.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const README: &str = include_str!("../../../README.md");
const GUIDE: &str = include_str!("../../../docs/configuration.md");
const EXAMPLE: &str = include_str!("../../../packaging/config.example.toml");

#[test]
fn every_setting_has_one_row_and_spellings_that_follow_one_rule() {
    let settings: BTreeSet<Setting> = Spelling::ALL.iter().map(|spelling| spelling.setting).collect();
    assert_eq!(settings.len(), Spelling::ALL.len());
    assert_eq!(Setting::ConfigFile as usize + 1, settings.len(), "a setting has no row");
    for Spelling { flag, variable, key, .. } in Spelling::ALL {
        if let (Some(flag), Some(variable)) = (flag, variable) {
            let name = flag.trim_start_matches("--").replace('-', "_");
            assert_eq!(*variable, format!("RECALL_{}", name.to_uppercase()));
        }
        let is_secret = ["password", "password_hash", "token", "comfyui.name"];
        let is_of_file =
            |key: &str| is_secret.contains(&key) || key.starts_with("token.") || key.starts_with("webhook.");
        assert_eq!(flag.is_none(), key.is_some_and(is_of_file), "{key:?}");
    }
}

/// The first three columns of the tables in a text: option, variable, key.
fn listed(text: &str) -> BTreeSet<[String; 3]> {
    let cells = |line: &str| -> [String; 3] {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    text.lines().filter(|line| line.starts_with("| `--") || line.starts_with("| –")).map(cells).collect()
}

fn row(spelling: &Spelling) -> [String; 3] {
    let key = spelling.key.map(|key| key.trim_start_matches("comfyui."));
    [spelling.flag, spelling.variable, key].map(|word| word.unwrap_or("–").to_owned())
}

#[test]
fn the_readme_lists_every_option_but_those_of_tokens_and_webhooks() {
    let is_short = |spelling: &&Spelling| !matches!(spelling.table(), Some("token" | "webhook"));
    assert_eq!(listed(README), Spelling::ALL.iter().filter(is_short).map(row).collect());
}

#[test]
fn the_documentation_lists_every_option_and_no_other() {
    assert_eq!(listed(GUIDE), Spelling::ALL.iter().map(row).collect());
}

#[test]
fn the_example_names_every_key_and_is_valid_in_each_line() {
    let is_off = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
    let lines: Vec<&str> = EXAMPLE.lines().filter(is_off).map(|line| &line[1..]).collect();
    let without = |keys: &[&str]| {
        let is_wanted = |line: &&&str| !keys.iter().any(|key| line.starts_with(key));
        lines.iter().filter(is_wanted).copied().collect::<Vec<_>>().join("\n")
    };
    // A token is a text or a table, but not both in one file.
    let text = without(&["token ="]);
    let mut givens =
        file::read(Path::new("config.example.toml"), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    givens.extend(
        lines
            .iter()
            .filter(|line| line.starts_with("token ="))
            .flat_map(|line| file::read(Path::new("config.example.toml"), line).unwrap()),
    );
    let named: BTreeSet<Setting> = givens.iter().map(|given| given.setting).collect();
    // A name isn't a value of its own: it says which server the others are for.
    let with_key = Spelling::ALL.iter().filter(|spelling| spelling.key.is_some()).map(|spelling| spelling.setting);
    assert_eq!(named, with_key.filter(|setting| *setting != Setting::ComfyuiName).collect());
    assert!(givens.iter().any(|given| given.server.is_some()));
    // Of what excludes each other, one is left; then the whole must hold.
    world()
        .toml(&without(&["password =", "password_hash =", "token =", "no_auth =", "secret ="]))
        .file("/run/secrets/recall-password", "p")
        .file("/run/secrets/recall-token", "a-token-of-24-characters")
        .file("/run/secrets/recall-webhook", "0123456789abcdef01234567")
        .config();
}

#[test]
fn the_example_as_it_comes_changes_nothing() {
    assert_eq!(format!("{:?}", world().toml(EXAMPLE).config()), format!("{:?}", world().config()));
}

/// What holds where nothing is said, by key: as TOML writes it.
fn defaults() -> BTreeMap<String, String> {
    let printed = world().load().unwrap().to_string();
    let default = |line: &str| {
        let (key, value) = line.strip_suffix("  # default")?.split_once(" = ")?;
        // A URL without a path is the one with the path /.
        Some((key.to_owned(), value.replace(":8188/", ":8188")))
    };
    printed.lines().filter_map(default).collect()
}

#[test]
fn the_tables_say_the_defaults() {
    let defaults = defaults();
    let mut compared = 0;
    for text in [README, GUIDE] {
        for line in text.lines().filter(|line| line.starts_with("| `--") || line.starts_with("| –")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let (key, told) = (cells[3].trim_matches('`'), cells[4]);
            let Some(real) = defaults.get(key).filter(|_| told == "none" || told.starts_with('`')) else { continue };
            let told = if told == "none" { "[]" } else { told.trim_matches('`') };
            assert_eq!(real.trim_matches('"'), told, "{line}");
            compared += 1;
        }
    }
    assert!(compared >= 2 * 9, "{compared}");
}

#[test]
fn the_example_shows_every_default() {
    for (key, value) in defaults() {
        if key == "data_dir" || value == "[]" {
            continue;
        }
        let is_shown = EXAMPLE.contains(&format!("\n#{key} = {value}\n"));
        let told = format!("Default: {}.\n#{key} = ", value.trim_matches('"'));
        assert!(is_shown || EXAMPLE.contains(&told), "{key} = {value}");
    }
}
