//! Nothing that doesn't fit on a screen, or into a head.

use proc_macro2::{Delimiter, TokenTree};

use super::source::{Source, sources};

/// Lines of a file with its tests, of a function, and of the function in the middle.
const FILE: usize = 400;
const FUNCTION: usize = 60;
const MEDIAN: usize = 8;

#[test]
fn files_and_functions_are_short() {
    let sources = sources();
    let mut wrong = Vec::new();
    let mut lengths = Vec::new();
    for (module, source) in &sources {
        if source.lines > FILE {
            wrong.push(format!("{} has {} lines", module.join("::"), source.lines));
        }
        for (name, lines) in functions(source) {
            lengths.push(lines);
            if lines > FUNCTION {
                wrong.push(format!("{}::{name} has {lines} lines", module.join("::")));
            }
        }
    }
    lengths.sort_unstable();
    assert!(lengths.len() > 1_000, "the functions were not found");
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN, "the median of functions is {median} lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every function with a body, and how many lines it takes from `fn` to its last brace.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    collect(&source.tokens, &mut found);
    found
}

fn collect(tokens: &[TokenTree], found: &mut Vec<(String, usize)>) {
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            collect(&group.stream().into_iter().collect::<Vec<_>>(), found);
        }
        let (TokenTree::Ident(keyword), Some(TokenTree::Ident(name))) = (token, tokens.get(at + 1)) else { continue };
        if keyword != "fn" {
            continue;
        }
        let end = tokens[at..].iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Some(Some(group.span_close().end().line))
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => Some(None),
            _ => None,
        });
        if let Some(Some(last)) = end {
            found.push((name.to_string(), last - keyword.span().start().line + 1));
        }
    }
}
