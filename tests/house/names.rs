//! One name, one thing.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;

use super::source::{Module, sources};

/// Of a hundred names of types, how many may be defined in two files.
const MOST_PERCENT: usize = 6;
/// Each room has its own, and nobody mistakes one for another.
const MAY_REPEAT: [&str; 1] = ["Error"];

#[test]
fn names_of_types_are_defined_once() {
    let mut defined: BTreeMap<String, BTreeSet<Module>> = BTreeMap::new();
    for (module, source) in sources() {
        for name in types(&source.tokens) {
            defined.entry(name).or_default().insert(module.clone());
        }
    }
    assert!(defined.len() > 100, "the sources were not found");
    let repeated: Vec<_> =
        defined.iter().filter(|(name, files)| files.len() > 1 && !MAY_REPEAT.contains(&name.as_str())).collect();
    let list = repeated.iter().map(|(name, files)| {
        format!("{name}: {}", files.iter().map(|file| file.join("::")).collect::<Vec<_>>().join(", "))
    });
    let percent = repeated.len() * 100 / defined.len();
    assert!(percent <= MOST_PERCENT, "{percent} % of {}:\n{}", defined.len(), list.collect::<Vec<_>>().join("\n"));
}

/// The types that stand at the top of a file, not those of traits or within functions.
fn types(tokens: &[TokenTree]) -> Vec<String> {
    let word = |token: &TokenTree| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    };
    let pairs = tokens.windows(2).filter_map(|pair| Some((word(&pair[0])?, word(&pair[1])?)));
    pairs
        .filter(|(keyword, _)| matches!(keyword.as_str(), "struct" | "enum" | "trait" | "type" | "union"))
        .map(|(_, name)| name)
        .collect()
}
