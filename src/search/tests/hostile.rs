//! Any text at all: nothing panics, and what is understood reads back.

use proptest::prelude::*;

use super::*;

/// Texts of the signs and words that mean something, in any order.
fn nearly_a_search() -> impl Strategy<Value = String> {
    const PARTS: [&str; 72] = [
        "fox",
        "red",
        "狐狸",
        "é",
        "e\u{301}",
        "ガ",
        "🦊",
        "OR",
        "AND",
        "or",
        "|",
        "｜",
        "-",
        "－",
        "--",
        "(",
        ")",
        "（",
        "）",
        "((",
        "))",
        "\"",
        "“",
        "”",
        "「",
        "」",
        "『",
        "\\",
        "\\\\",
        "\\\"",
        "\\(",
        "*",
        "＊",
        "=",
        "＝",
        ":",
        "：",
        "::",
        "<",
        ">",
        "<lora:",
        "<lora:a b:0.7>",
        ":1.2)",
        ":1.2",
        "1.2",
        "12:3",
        "..",
        "#",
        "#0123456789abcdef",
        "model:",
        "MODEL：",
        "lora:=",
        "prompt:(",
        "sampler:",
        "seed:",
        "steps:",
        "steps:>",
        "20",
        "status:",
        "failed",
        "is:",
        "has:",
        "date:",
        "7d",
        "2026-11",
        "before:",
        "http://",
        "embedding:",
        " ",
        "  ",
        "\n",
        ",",
    ];
    proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..40).prop_map(|parts| parts.concat())
}

fn read_back(text: &str) -> Result<(), TestCaseError> {
    let Ok(search) = parse(text) else { return Ok(()) };
    let canonical = search.to_string();
    prop_assert_eq!(parse(&canonical), Ok(search.clone()), "{:?} as {:?}", text, canonical);
    prop_assert_eq!(parse(&canonical).unwrap().to_string(), canonical);
    search.want(&Noon);
    let pieces = search.pieces();
    for (at, piece) in pieces.iter().enumerate() {
        let alone = parse(&piece.text).unwrap();
        prop_assert_eq!(alone.pieces().len(), 1);
        let without = search.without(at);
        prop_assert_eq!(parse(&without.to_string()), Ok(without));
        prop_assert!(search.with(&piece.text).is_ok());
    }
    for mark in search.marks(Field::Prompt, text) {
        prop_assert!(text.get(mark).is_some_and(|marked| !marked.is_empty()));
    }
    Ok(())
}

fn complete_everywhere(text: &str) -> Result<(), TestCaseError> {
    for cursor in 0..=text.len() + 1 {
        let completing = completing(text, cursor);
        prop_assert!(text.get(completing.range.clone()).is_some(), "{text:?} at {cursor}: {:?}", completing.range);
    }
    Ok(())
}

fn fold(text: &str) -> Result<(), TestCaseError> {
    let mut words = Words::of(text);
    let mut folded = Vec::new();
    let mut last = 0..0;
    while let Some(word) = words.next_word() {
        prop_assert!(!word.text.is_empty() && word.text.len() <= Words::MOST_BYTES);
        prop_assert!(text.get(word.range.clone()).is_some());
        // One character may stand for the end of a word and the beginning of the next: 0¼.
        prop_assert!(word.range.start >= last.start && word.range.end >= last.end);
        last = word.range;
        folded.push(word.text.to_owned());
    }
    prop_assert_eq!(term::words(&folded.join(" ")), folded, "{:?}", text);
    let value = fold_value(text);
    prop_assert_eq!(fold_value(&value), value, "{:?}", text);
    Ok(())
}

fn cut(text: &str, chars: usize, search: &str) -> Result<(), TestCaseError> {
    let Ok(search) = parse(search) else { return Ok(()) };
    let marks = search.marks(Field::Prompt, text);
    let cut = snippet(text, &marks, chars);
    prop_assert!(cut.text.chars().count() <= chars.max(text.chars().count().min(chars)));
    prop_assert!(cut.marks.iter().all(|mark| cut.text.get(mark.clone()).is_some()));
    prop_assert!(chars < 4 || marks.is_empty() || !cut.marks.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn what_is_nearly_a_search_reads_back(text in nearly_a_search()) {
        read_back(&text)?;
    }

    #[test]
    fn any_text_reads_back(text in "\\PC{0,60}") {
        read_back(&text)?;
        fold(&text)?;
    }

    #[test]
    fn any_bytes_fold(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let text = String::from_utf8_lossy(&bytes);
        read_back(&text)?;
        fold(&text)?;
    }

    #[test]
    fn what_is_nearly_a_search_is_cut(text in nearly_a_search(), chars in 0_usize..40, search in nearly_a_search()) {
        fold(&text)?;
        cut(&text, chars, &search)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn a_cursor_may_stand_anywhere(text in nearly_a_search()) {
        complete_everywhere(&text)?;
    }
}

#[test]
fn what_once_read_back_as_something_else_reads_back() {
    for text in ["lora:=<\"\"7d", "lora:=\"<\" 7d", "steps:\">\" 20", "model:=≥ 7"] {
        read_back(text).unwrap();
    }
}

#[test]
fn the_deepest_and_the_longest_are_answered() {
    for part in ["(", ")", "-(", "\"", "<lora:", "model:(", "a:", "a OR ", "狐", "\\", ":1"] {
        let text = part.repeat(2_000);
        let text: String = text.chars().take(2_000).collect();
        let _ = parse(&text);
        let _ = completing(&text, text.len());
        let _ = completing(&part.repeat(100_000), 100_000);
    }
}
