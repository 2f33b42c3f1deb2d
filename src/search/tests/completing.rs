//! What is suggested while a search is typed.

use super::*;

/// What is completed at the bar: the replaced part, and what for.
fn at(text: &str) -> (String, bool, What) {
    let cursor = text.find('¦').unwrap();
    let text = text.replace('¦', "");
    let completing = completing(&text, cursor);
    (text[completing.range].to_owned(), completing.is_excluded, completing.what)
}

fn word(word: &str) -> What {
    What::Word { word: word.to_owned() }
}

fn value(field: Field, folded: &str) -> What {
    What::Value { field, folded: folded.to_owned(), is_in_group: false }
}

#[test]
fn the_term_at_the_cursor_is_completed() {
    for (text, replaced, is_excluded, what) in [
        ("¦", "", false, word("")),
        ("fox ¦", "", false, word("")),
        ("mo¦", "mo", false, word("mo")),
        ("fox MO¦del cat", "MOdel", false, word("mo")),
        ("-mo¦", "mo", true, word("mo")),
        ("-¦", "", true, word("")),
        ("(fox OR Éc¦", "Éc", false, word("ec")),
        ("\"red fo¦", "\"red fo", false, word("red fo")),
        ("model:¦", "model:", false, value(Field::Model, "")),
        ("model:Flu¦ cat", "model:Flu", false, value(Field::Model, "flu")),
        ("-model:=\"Flux 1¦", "model:=\"Flux 1", true, value(Field::Model, "flux 1")),
        ("status:fai¦", "status:fai", false, value(Field::Status, "fai")),
        ("modle:x mo¦", "mo", false, word("mo")),
        ("狐¦狸", "狐狸", false, word("狐")),
    ] {
        assert_eq!(at(text), (replaced.to_owned(), is_excluded, what), "{text}");
    }
}

#[test]
fn in_a_group_of_a_field_only_the_value_is_replaced() {
    let completing = completing("model:(flux OR sd", 17);
    assert_eq!(completing.range, 15..17);
    assert_eq!(completing.what, What::Value { field: Field::Model, folded: "sd".to_owned(), is_in_group: true });
    assert_eq!(completing.written("sd xl"), "=\"sd xl\"");
}

#[test]
fn chosen_suggestions_are_searches() {
    let written = |text: &str, value: &str| completing(text, text.len()).written(value);
    for (text, value, expected) in [
        ("model:", "a b", "model:=\"a b\""),
        ("sampler:", "euler", "sampler:euler"),
        ("status:f", "failed", "status:failed"),
        ("kind:", "3d", "kind:3d"),
        ("date:", "7d", "date:7d"),
        ("prompt:fo", "fox", "prompt:fox"),
        ("fo", "fox", "fox"),
    ] {
        assert_eq!(written(text, value), expected);
        assert!(parse(expected).is_ok());
    }
}

#[test]
fn fields_and_fixed_words_are_those_that_begin_so() {
    let what = |text: &str| completing(text, text.len()).what;
    assert_eq!(
        what("s").fields().map(Field::key).collect::<Vec<_>>(),
        ["sampler", "scheduler", "seed", "steps", "status"]
    );
    assert_eq!(what("status:in_p").choices().collect::<Vec<_>>(), ["in_progress"]);
    assert_eq!(what("date:").choices().collect::<Vec<_>>(), ["today", "yesterday", "7d", "30d"]);
    assert_eq!(what("model:s").fields().count(), 0);
    for field in Field::ALL {
        assert!(parse(field.example()).is_ok_and(|search| !search.is_empty()), "{field}");
        assert!(field.choices().iter().all(|choice| parse(&format!("{field}:{choice}")).is_ok()), "{field}");
    }
}
