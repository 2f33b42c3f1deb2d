//! Texts in parts, with what a search found in them marked.

use std::ops::Range;

use crate::facts::{Facts, short_name};
use crate::model::Summary;
use crate::search::{Field, Search, snippet};

/// About so many characters of a text stand on a card: two lines.
const SNIPPET_CHARS: usize = 84;

/// A text in parts, and whether each was found.
pub type Parts = Vec<(String, bool)>;

/// A text of a field, whole.
pub fn marked(search: &Search, field: Field, text: &str) -> Parts {
    parts(text, &search.marks(field, text))
}

/// Where a run was found: the words around it, in the first of its texts that has any.
pub fn found(search: &Search, run: &Summary, facts: &Facts) -> Option<Parts> {
    texts(run, facts).find_map(|(field, text)| {
        let marks = search.marks(field, text);
        (!marks.is_empty()).then(|| around(text, &marks))
    })
}

/// The texts of a run, what people look for first.
fn texts<'a>(run: &'a Summary, facts: &'a Facts) -> impl Iterator<Item = (Field, &'a str)> {
    let each = |field, list: &'a [String]| list.iter().map(move |text| (field, text.as_str()));
    let names = |field, list: &'a [String]| list.iter().map(move |name| (field, short_name(name)));
    let one = |field, text: Option<&'a str>| text.map(move |text| (field, text));
    let error = run.error.as_ref();
    each(Field::Prompt, &facts.positive)
        .chain(names(Field::Model, &facts.models))
        .chain(facts.loras.iter().map(|lora| (Field::Lora, short_name(&lora.name))))
        .chain(one(Field::Workflow, run.workflow_name.as_deref()))
        .chain(one(Field::File, run.cover.as_ref().map(|cover| cover.filename.as_str())))
        .chain(one(Field::Text, run.excerpt.as_deref()))
        .chain(one(Field::Error, error.and_then(|error| error.message.as_deref())))
        .chain(one(Field::Error, error.and_then(|error| error.kind.as_deref())))
        .chain(each(Field::Negative, &facts.negative))
}

fn around(text: &str, marks: &[Range<usize>]) -> Parts {
    let cut = snippet(text, marks, SNIPPET_CHARS);
    let mut parts = parts(cut.text, &cut.marks);
    let dots = |is_cut: bool| is_cut.then(|| ("…".to_owned(), false));
    parts.splice(0..0, dots(cut.is_cut_before));
    parts.extend(dots(cut.is_cut_behind));
    parts
}

fn parts(text: &str, marks: &[Range<usize>]) -> Parts {
    let mut parts = Vec::with_capacity(marks.len() * 2 + 1);
    let mut end = 0;
    for mark in marks {
        // Marks come in order and fit the text; one that doesn't marks nothing.
        let (Some(before), Some(found)) = (text.get(end..mark.start), text.get(mark.clone())) else { continue };
        if !before.is_empty() {
            parts.push((before.to_owned(), false));
        }
        parts.push((found.to_owned(), true));
        end = mark.end;
    }
    if let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
        parts.push((rest.to_owned(), false));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_parts_at_its_marks() {
        let part = |text: &str, is_mark| (text.to_owned(), is_mark);
        assert_eq!(
            parts("a red fox", &[2..5, 6..9]),
            [part("a ", false), part("red", true), part(" ", false), part("fox", true)]
        );
        assert_eq!(parts("狐 fox", std::slice::from_ref(&(0..3))), [part("狐", true), part(" fox", false)]);
        assert_eq!(parts("plain", &[]), [part("plain", false)]);
        assert_eq!(parts("", &[]), Parts::new());
    }

    #[test]
    fn a_mark_that_does_not_fit_marks_nothing() {
        assert_eq!(parts("狐", &[1..2, 0..9]), [("狐".to_owned(), false)]);
    }
}
