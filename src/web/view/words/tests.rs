//! No key is missing, none is left over, and no text is written past the catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Keys of a catalogue, each with the values that it wants.
fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let resource = FluentResource::try_new(catalogue(language).to_owned());
    assert!(resource.is_ok(), "{}: {:?}", language.tag(), resource.err().map(|(_, errors)| errors));
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in catalogue(language).lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            key = name.to_owned();
            assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{}: {key} is there twice", language.tag());
        }
        for value in line.split('$').skip(1) {
            let name = value.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
            keys.entry(key.clone()).or_default().insert(name.to_owned());
        }
    }
    keys
}

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(path.to_str().unwrap(), ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn every_language_has_every_key_with_the_same_values() {
    let (english, chinese) = (keys(Language::English), keys(Language::Chinese));
    assert!(english.len() > 50, "the catalogue was not read: {}", english.len());
    assert_eq!(english, chinese);
}

#[test]
fn every_key_is_used() {
    let sources: Vec<_> = files("src/web", "rs").into_iter().chain(files("templates", "html")).collect();
    let scripts = files("assets", "js");
    let is_in = |files: &[(PathBuf, String)], quoted: &str| files.iter().any(|(_, text)| text.contains(quoted));
    for key in keys(Language::English).into_keys() {
        let is_used = match key.strip_prefix(SCRIPT) {
            Some(name) => is_in(&scripts, &format!("\"{name}\"")),
            None => is_in(&sources, &format!("\"{key}\"")),
        };
        assert!(is_used, "{key} is used nowhere");
    }
}

#[test]
fn every_key_that_a_template_asks_for_is_there() {
    let known = keys(Language::English);
    let calls = [".say(\"", ".with(\"", ".with_both(\"", ".count(\"", ".around(\"", ".prose(\""];
    let mut seen = 0;
    for (path, text) in files("templates", "html").into_iter().chain(files("src/web", "rs")) {
        if path.ends_with("words/tests.rs") {
            continue;
        }
        for call in calls {
            for part in text.split(call).skip(1) {
                let key = part.split('"').next().unwrap();
                assert!(known.contains_key(key), "{}: {key}", path.display());
                seen += 1;
            }
        }
    }
    for (path, text) in files("assets", "js") {
        for part in text.split("word(\"").skip(1) {
            let key = format!("{SCRIPT}{}", part.split('"').next().unwrap());
            assert!(known.contains_key(&key), "{}: {key}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "the calls were not found: {seen}");
}

/// What is left of a template without tags, expressions and comments, and what its attributes say to people.
fn words_of(template: &str) -> Vec<String> {
    let mut text = template.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
        while let Some(start) = text.find(open) {
            let end = text[start..].find(close).map_or(text.len(), |end| start + end + close.len());
            text.replace_range(start..end, "");
        }
    }
    let mut words = Vec::new();
    for name in [" title=\"", " alt=\"", " aria-label=\"", " placeholder=\"", " content=\""] {
        words.extend(text.split(name).skip(1).filter_map(|part| part.split('"').next().map(str::to_owned)));
    }
    for part in text.split('<') {
        words.extend(part.split_once('>').map_or(Some(part), |(_, after)| Some(after)).map(str::to_owned));
    }
    words.retain(|text| text.chars().any(char::is_alphabetic));
    words
}

#[test]
fn no_template_holds_words_of_its_own() {
    // Names, and what machines read.
    let allowed = [
        "comfy-recall",
        "· comfy-recall",
        "width=device-width",
        "light dark",
        "#",
        "Home",
        "End",
        "Enter",
        "Esc",
        "ComfyUI",
        "JSON",
        "SQLite",
        "--comfyui",
        "aria-current=",
        "/api/v1/openapi.json",
    ];
    for (path, text) in files("templates", "html") {
        for words in words_of(&text) {
            assert!(
                allowed.iter().any(|name| words.trim_start_matches([' ', '·']).trim().starts_with(name)),
                "{}: {words:?}",
                path.display()
            );
        }
    }
    assert_eq!(words_of("<p title=\"a\">{{ b }}<b>Hello</b> {% if c %}"), ["a", "Hello"], "the test can fail");
}

#[test]
fn no_script_holds_words_of_its_own() {
    // What people see is set through these; each must be given something that isn't a text of its own.
    let setters =
        ["textContent = \"", "textContent = `", "title = \"", "ariaLabel = \"", "\"aria-label\", \"", "alert("];
    for (path, text) in files("assets", "js") {
        for setter in setters {
            let shown = text.split(setter).skip(1).filter_map(|part| part.split(['"', '`']).next());
            for words in shown {
                assert!(!words.chars().any(char::is_alphabetic), "{}: {setter}{words}", path.display());
            }
        }
    }
}

#[test]
fn the_first_language_that_we_speak_is_taken() {
    for (header, language) in [
        ("en-US,en;q=0.9", Some(Language::English)),
        ("zh-CN,zh;q=0.9,en;q=0.8", Some(Language::Chinese)),
        ("zh-TW", Some(Language::Chinese)),
        ("de-DE, de;q=0.9, ZH;q=0.5, en;q=0.3", Some(Language::Chinese)),
        ("fr", None),
        ("*", None),
        ("", None),
        (",;,-", None),
    ] {
        assert_eq!(Language::accepted(header), language, "{header}");
    }
}

#[test]
fn numbers_are_grouped_and_counted() {
    assert_eq!(Catalogue::of(Language::English).number(1_234_567), "1,234,567");
    assert_eq!(Catalogue::of(Language::English).number(-999), "-999");
    assert_eq!(Catalogue::of(Language::English).count("matches", 1), "1 run");
    assert_eq!(Catalogue::of(Language::English).count("matches", 12_345), "12,345 runs");
    assert_eq!(Catalogue::of(Language::Chinese).count("matches", 12_345), "12,345 次生成");
}

#[test]
fn a_message_is_cut_around_its_value() {
    let (before, after) = Catalogue::of(Language::English).around("instance-connected", "name");
    assert_eq!((before.as_str(), after.as_str()), ("", " is connected at"));
}
