//! For tests: a run of which nothing is known, and what the index must find, the plain way, to compare the real one with.

use super::generation::{Status, Summary};
use super::ids::{GenerationId, InstanceName, PromptId};
use super::index::{Entry, List, Want};
use super::time::Timestamp;

/// A completed run of which nothing is known.
pub fn summary() -> Summary {
    Summary {
        id: GenerationId(7),
        instance: InstanceName::default(),
        prompt_id: PromptId::from("p"),
        status: Status::Completed,
        status_reason: None,
        created_at: Timestamp::from_millis(1_795_168_752_094),
        started_at: None,
        finished_at: None,
        duration_ms: None,
        workflow_id: None,
        workflow_name: None,
        client_id: None,
        model: None,
        outputs_count: 0,
        previews_count: 0,
        kinds: Vec::new(),
        cover: None,
        excerpt: None,
        files_state: None,
        error: None,
    }
}

/// Whether a run is wanted: each is asked by itself.
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
