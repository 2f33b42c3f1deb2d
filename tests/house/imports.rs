//! Which modules a file names, in `use` lines and in paths anywhere, within macros too.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};

use super::source::{Module, Source, sources, tokens};

/// A file, and the files that it names.
pub type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// What may stand before a path that begins with `::`.
const KEYWORDS: [&str; 8] = ["as", "dyn", "for", "impl", "in", "mut", "return", "use"];

/// Who names whom. A name that a `mod.rs` passes on counts as that `mod.rs`.
pub fn graph() -> Graph {
    graph_of(&sources())
}

fn graph_of(sources: &BTreeMap<Module, Source>) -> Graph {
    let named_by = |(module, source): (&Module, &Source)| {
        let found = paths(&source.tokens).into_iter().filter_map(|path| resolve(sources, module, &path));
        (module.clone(), found.filter(|named| named != module).collect())
    };
    sources.iter().map(named_by).collect()
}

/// Every path of two names or more, those of `use` groups taken apart, and those that begin with a name that was imported
/// written out.
fn paths(tokens: &[TokenTree]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    collect(tokens, &mut found);
    let imported: BTreeMap<String, Vec<String>> = found
        .iter()
        .filter(|path| matches!(path[0].as_str(), "crate" | "comfy_recall" | "super" | "self"))
        .map(|path| (path.last().unwrap().clone(), path.clone()))
        .collect();
    let written_out = |path: &Vec<String>| match imported.get(&path[0]) {
        Some(start) => start.iter().chain(&path[1..]).cloned().collect(),
        None => path.clone(),
    };
    found.iter().map(written_out).collect()
}

fn collect(tokens: &[TokenTree], found: &mut BTreeSet<Vec<String>>) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(name) if KEYWORDS.iter().any(|keyword| name == keyword) => at += 1,
            TokenTree::Ident(_) => {
                let (length, here) = path_at(&tokens[at..]);
                found.extend(here.into_iter().filter(|path| path.len() > 1));
                at += length;
            }
            TokenTree::Group(group) => {
                collect(&group.stream().into_iter().collect::<Vec<_>>(), found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The path that begins here: how many tokens it takes, and what it names, several with a group behind it.
fn path_at(tokens: &[TokenTree]) -> (usize, Vec<Vec<String>>) {
    let mut names = Vec::new();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                names.push(name.to_string().trim_start_matches("r#").to_owned());
                at += 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && at > 0 => {
                return (at + 1, entries(group.stream().into_iter().collect(), &names));
            }
            _ => break,
        }
        if !is_separator(tokens.get(at..at + 2)) {
            break;
        }
        at += 2;
    }
    (at.max(1), vec![names])
}

/// The entries of a `use` group, each behind the names before it.
fn entries(group: Vec<TokenTree>, before: &[String]) -> Vec<Vec<String>> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let behind = |entry: &[TokenTree]| {
        let (_, paths) = path_at(entry);
        paths.into_iter().map(|path| {
            let own = path.into_iter().filter(|name| name != "self");
            before.iter().cloned().chain(own).collect()
        })
    };
    group.split(is_comma).flat_map(|entry| behind(entry).collect::<Vec<_>>()).collect()
}

fn is_separator(tokens: Option<&[TokenTree]>) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    tokens.is_some_and(|tokens| tokens.iter().all(is_colon))
}

/// The deepest file on the way of a path, if it is one of ours.
fn resolve(sources: &BTreeMap<Module, Source>, from: &Module, path: &[String]) -> Option<Module> {
    let mut here = from.clone();
    let mut rest = path;
    match path[0].as_str() {
        "crate" | "comfy_recall" => {
            here.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            here.truncate(here.len().saturating_sub(ups));
            rest = &path[ups..];
        }
        child => {
            here.push(child.to_owned());
            if !sources.contains_key(&here) {
                return None;
            }
            rest = &rest[1..];
        }
    }
    let mut best = sources.contains_key(&here).then(|| here.clone());
    for name in rest {
        here.push(name.clone());
        if !sources.contains_key(&here) {
            break;
        }
        best = Some(here.clone());
    }
    best
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    for (code, named) in [
        ("use crate::store::Store;", &["crate::store::Store"][..]),
        (
            "use crate::{live, model::{Page, Status}, r#web as edge};",
            &["crate::live", "crate::model::Page", "crate::model::Status", "crate::web"],
        ),
        (
            "use crate::{\n    store::{self, Error},\n    live::Live,\n};",
            &["crate::live::Live", "crate::store", "crate::store::Error"],
        ),
        ("fn f() -> crate :: blobs::Blobs { $crate::media::sniff() }", &["crate::blobs::Blobs", "crate::media::sniff"]),
        (
            "use super::error; fn f() -> error::Error { g!(super::h::i()) }",
            &["super::error", "super::error::Error", "super::h::i"],
        ),
        ("use ::comfy_recall::web;", &["comfy_recall::web"]),
        ("pub(crate) use crate::json::to_strict;", &["crate::json::to_strict"]),
        ("// use crate::store::Store;\n/* crate::web */ fn f() {}", &[]),
        ("let text = \"crate::store\"; let c = '\"'; use crate::live;", &["crate::live"]),
        ("let text = r#\"a \" crate::store\"#; use crate::live;", &["crate::live"]),
        ("#[cfg(test)] mod tests { use crate::store::Store; } use crate::live;", &["crate::live"]),
        ("fn f<'a>(a: &'a str) -> crate::model::Page<'a> {}", &["crate::model::Page"]),
    ] {
        let found: BTreeSet<String> = paths(&tokens(code)).into_iter().map(|path| path.join("::")).collect();
        assert_eq!(found, named.iter().map(|path| (*path).to_owned()).collect(), "{code}");
    }
}
