//! What the index must find, the plain way: each run is asked by itself. For tests, to compare the real index with.

use super::{Entry, List, Want};

/// Whether a run is wanted.
pub fn fits(entry: &Entry, want: &Want) -> bool {
    let has = |list: List, is_it: &dyn Fn(&[u8]) -> bool| {
        entry.terms.iter().any(|term| term.list == list && is_it(&term.bytes))
    };
    match want {
        Want::All(wants) => wants.iter().all(|want| fits(entry, want)),
        Want::Any(wants) => wants.iter().any(|want| fits(entry, want)),
        Want::Not(want) => !fits(entry, want),
        Want::Term(list, bytes) => has(*list, &|term| term == bytes),
        Want::Prefix(list, bytes) => has(*list, &|term| term.starts_with(bytes)),
        Want::Range(list, from, to) => {
            has(*list, &|term| term >= &from[..] && to.as_ref().is_none_or(|to| term < &to[..]))
        }
        Want::Phrase { list, words, is_open } => {
            let starts = entry.terms.iter().filter(|term| term.list == *list).map(|term| term.position);
            starts.into_iter().any(|start| has_phrase(entry, *list, words, *is_open, start))
        }
        Want::Created(from, until) => (*from..*until).contains(&entry.created_at),
    }
}

fn has_phrase(entry: &Entry, list: List, words: &[Vec<u8>], is_open: bool, start: u32) -> bool {
    (start..).zip(words).enumerate().all(|(at, (position, word))| {
        let may_go_on = is_open && at + 1 == words.len();
        entry.terms.iter().any(|term| {
            let is_word = if may_go_on { term.bytes.starts_with(word) } else { term.bytes == *word };
            term.list == list && term.position == position && is_word
        })
    })
}
