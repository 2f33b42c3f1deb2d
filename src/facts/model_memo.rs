//! The model of the prompt before. People queue the same graph again and again, and only its seed differs: then the graph
//! needn't be read to know its model.

use std::cell::RefCell;

use crate::json::common_start;

thread_local! {
    static LAST: RefCell<Option<(String, Option<String>)>> = const { RefCell::new(None) };
}

/// The model of a prompt: that of the last one on this thread where only a seed differs, else what `read` finds.
pub(super) fn model(prompt: &str, read: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let known = LAST.with_borrow(|last| {
        let (before, model) = last.as_ref()?;
        differs_in_a_seed_at_most(before.as_bytes(), prompt.as_bytes()).then(|| model.clone())
    });
    known.unwrap_or_else(|| {
        let model = read(prompt);
        LAST.set(Some((prompt.to_owned(), model.clone())));
        model
    })
}

fn differs_in_a_seed_at_most(a: &[u8], b: &[u8]) -> bool {
    let start = common_start(a, b);
    if start == a.len() && start == b.len() {
        return true;
    }
    // The whole numbers that the first difference lies in.
    let begin = start - a[..start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let end = |text: &[u8]| begin + text[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (after_a, after_b) = (end(a), end(b));
    after_a > begin && after_b > begin && is_value_of_a_seed(&a[..begin]) && a[after_a..] == b[after_b..]
}

/// Whether a JSON text that goes so far goes on with the value of a member that is called a seed. A quote within a string
/// has a backslash before it, so this is no part of a string.
fn is_value_of_a_seed(before: &[u8]) -> bool {
    let key = before.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    key.is_some_and(|key| key.ends_with(b"\"seed\"") || key.ends_with(b"\"noise_seed\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_seed_may_differ() {
        let same = |a: &str, b: &str| differs_in_a_seed_at_most(a.as_bytes(), b.as_bytes());
        let long = "x".repeat(1_000);
        let graph = |seed: &str| format!(r#"{{"1":{{"text":"{long}","seed": {seed},"model":["4",0]}},"z":"{long}"}}"#);
        assert!(same(&graph("7"), &graph("7")) && same(&graph("7"), &graph("18446744073709551615")));
        assert!(same(&graph("128"), &graph("129")) && same(r#"{"noise_seed":1}"#, r#"{"noise_seed":22}"#));
        for (a, b) in [
            (r#"{"steps":20}"#, r#"{"steps":21}"#),
            (r#"{"ckpt":"v14"}"#, r#"{"ckpt":"v15"}"#),
            (r#"{"seed":1,"ckpt":"v14"}"#, r#"{"seed":2,"ckpt":"v15"}"#),
            (r#"{"seed":["4",0]}"#, r#"{"seed":["5",0]}"#),
            (r#"{"text":"\"seed\":1"}"#, r#"{"text":"\"seed\":2"}"#),
            (r#"{"seed":1"#, r#"{"seed":1}"#),
            ("1", "2"),
            ("", "1"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_graph_is_read_once_for_all_its_seeds() {
        let reads = std::cell::Cell::new(0);
        let model = |prompt: &str| {
            super::model(prompt, |_| {
                reads.set(reads.get() + 1);
                Some(prompt.len().to_string())
            })
        };
        let first = model(r#"{"seed":1,"a":"b"}"#);
        assert_eq!((model(r#"{"seed":234,"a":"b"}"#), reads.get()), (first, 1));
        assert_ne!(model(r#"{"seed":1,"a":"bc"}"#).as_deref(), Some("18"));
        assert_eq!(reads.get(), 2);
    }
}
