//! Any text is a search or an error: what is understood reads back, and what is folded and marked is of the text.

#![no_main]

use comfy_recall::search::{Field, Words, completing, fold_value, parse, snippet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut words = Words::of(text);
    while let Some(word) = words.next_word() {
        assert!(text.get(word.range).is_some());
    }
    let value = fold_value(text);
    assert_eq!(fold_value(&value), value);
    let completing = completing(text, text.len());
    assert!(text.get(completing.range).is_some());
    let Ok(search) = parse(text) else { return };
    assert_eq!(parse(&search.to_string()).as_ref(), Ok(&search));
    let marks = search.marks(Field::Prompt, text);
    let cut = snippet(text, &marks, 80);
    assert!(cut.marks.into_iter().all(|mark| cut.text.get(mark).is_some()));
});
