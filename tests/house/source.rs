//! The sources as tokens, each with the module that it is; what only tests compile is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The names of a module from the crate's root on: `store::index` is `["store", "index"]`.
pub type Module = Vec<String>;

/// One file of `src`.
pub struct Source {
    pub lines: usize,
    pub tokens: Vec<TokenTree>,
}

/// Every file by its module, without those that only tests compile.
pub fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root).into_iter().filter_map(|path| {
        let module = module_of(path.strip_prefix(&root).unwrap());
        let is_test = module.iter().any(|name| matches!(name.as_str(), "tests" | "testing"));
        (!is_test).then(|| {
            let code = fs::read_to_string(&path).unwrap();
            let tokens = tokens(&code);
            (module, Source { lines: code.lines().count(), tokens })
        })
    });
    files.collect()
}

/// The tokens of a text, without what stands below `#[cfg(test)]`.
pub fn tokens(code: &str) -> Vec<TokenTree> {
    without_tests(code.parse().unwrap())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    here.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

/// `store/write.rs` is `store::write`, `store/mod.rs` and `store.rs` are `store`.
fn module_of(path: &Path) -> Module {
    let mut names: Module = path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// Leaves out each item whose attributes say `cfg(test)`, up to its braces or semicolon.
fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_attribute && matches!(tokens.peek(), Some(TokenTree::Group(group)) if is_for_tests(group)) {
            let is_end = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(punct) => punct.as_char() == ';',
                _ => false,
            };
            tokens.by_ref().skip(1).find(is_end);
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream()).into_iter().collect();
                let mut shorter = Group::new(group.delimiter(), inner);
                shorter.set_span(group.span());
                TokenTree::Group(shorter)
            }
            other => other,
        });
    }
    kept
}

fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    attribute.delimiter() == Delimiter::Bracket && (text == "cfg(test)" || text.starts_with("cfg(all(test"))
}
