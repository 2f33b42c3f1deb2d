//! No files that all stand on each other: what one can't read without the others is one file in pieces.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Graph, graph};
use super::source::Module;

/// How many files of one room may stand on each other.
const MOST: usize = 6;

#[test]
fn no_circle_of_imports_is_large_or_leaves_its_room() {
    let graph = graph();
    assert!(graph.len() > 100, "the sources were not found");
    let names = |circle: &BTreeSet<Module>| circle.iter().map(|file| file.join("::")).collect::<Vec<_>>().join(", ");
    let wrong: Vec<String> = circles(&graph)
        .iter()
        .filter(|circle| circle.len() > MOST || circle.iter().any(|file| file[0] != circle.first().unwrap()[0]))
        .map(|circle| format!("{} files import each other: {}", circle.len(), names(circle)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The sets of two files or more of which each reaches each.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<Module>> {
    let files: Vec<&Module> = graph.keys().collect();
    let number: BTreeMap<&Module, usize> = files.iter().enumerate().map(|(nth, file)| (*file, nth)).collect();
    let named: Vec<Vec<usize>> = graph.values().map(|named| named.iter().map(|file| number[file]).collect()).collect();
    let reached = |from: usize| {
        let mut seen = vec![false; files.len()];
        let mut next = named[from].clone();
        while let Some(file) = next.pop() {
            if !std::mem::replace(&mut seen[file], true) {
                next.extend(&named[file]);
            }
        }
        seen
    };
    let reach: Vec<Vec<bool>> = (0..files.len()).map(reached).collect();
    let circle = |nth: usize| {
        let others = (0..files.len()).filter(|other| reach[nth][*other] && reach[*other][nth]);
        others.map(|other| files[other].clone()).collect::<BTreeSet<_>>()
    };
    (0..files.len()).map(circle).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn circles_are_found_and_lines_are_not() {
    let module = |name: &str| vec![name.to_owned()];
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("x", "y"), ("y", "x")];
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry(module(to)).or_default();
        graph.entry(module(from)).or_default().insert(module(to));
    }
    let set = |names: &[&str]| names.iter().map(|name| module(name)).collect::<BTreeSet<_>>();
    assert_eq!(circles(&graph), BTreeSet::from([set(&["a", "b", "c"]), set(&["x", "y"])]));
}
