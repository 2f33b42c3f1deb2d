//! Which words of a text a search has found.

use std::ops::Range;

use super::field::Field;
use super::fold::{Words, fold_value};
use super::term::Camel;
use super::tree::{Leaf, SoughtValue, Tree};
use super::want::{PLAIN, opened, sought};
use crate::model::List;

/// The part of a text around what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet<'a> {
    pub text: &'a str,
    /// What was found, in bytes of the part.
    pub marks: Vec<Range<usize>>,
    /// Whether text stands before it.
    pub is_cut_before: bool,
    /// Whether text stands behind it.
    pub is_cut_behind: bool,
}

/// Words of a text, each with its bytes.
type FoundWords = Vec<(String, Range<usize>)>;

/// The bytes that a search finds in a text of this field, in order; [`Field::Text`] for what nodes gave.
pub(super) fn marks(terms: &[Tree], shown: Field, text: &str) -> Vec<Range<usize>> {
    let terms = opened(terms);
    let mut leaves = Vec::new();
    for term in &terms {
        term.leaves(&mut |leaf, is_excluded| {
            let is_meant = leaf.field.map_or_else(|| PLAIN.contains(&shown), |field| field == shown);
            leaves.extend((is_meant && !is_excluded).then_some(leaf));
        });
    }
    if leaves.is_empty() {
        return Vec::new();
    }
    let list = shown.words();
    let (plain, camel) = words(list, text);
    let mut marks = Vec::new();
    for leaf in leaves {
        if is_whole(leaf, text) {
            marks.push(0..text.len());
        } else if let Some(list) = list {
            let (words, is_open) = sought(list, leaf);
            find(&plain, &words, is_open, &mut marks);
            find(&camel, &words, is_open, &mut marks);
        }
    }
    merged(marks)
}

/// The words of a text, and those of names in camel case taken apart, as they are indexed.
fn words(list: Option<List>, text: &str) -> (FoundWords, FoundWords) {
    let mut plain = Vec::new();
    let mut words = Words::of(text);
    while let Some(word) = words.next_word() {
        plain.push((word.text.to_owned(), word.range));
    }
    let is_name = matches!(list, Some(List::ModelWords | List::LoraWords | List::NodeWords | List::ErrorWords));
    let camel = Some(text).filter(|_| is_name).and_then(Camel::of);
    let camel = camel.map_or_else(Vec::new, |camel| camel.words);
    (plain, camel.into_iter().map(|word| (word.text, word.range)).collect())
}

fn is_whole(leaf: &Leaf, text: &str) -> bool {
    match &leaf.value {
        SoughtValue::Exact(value) => value == text,
        SoughtValue::Whole { text: value, is_open: false } => fold_value(value) == fold_value(text),
        SoughtValue::Whole { text: value, is_open: true } => fold_value(text).starts_with(&fold_value(value)),
        SoughtValue::Choice(word) => *word == text,
        _ => false,
    }
}

fn find(found: &FoundWords, words: &[String], is_open: bool, marks: &mut Vec<Range<usize>>) {
    let Some((last, firsts)) = words.split_last() else { return };
    for window in found.windows(words.len()) {
        let (end, begin) = (&window[firsts.len()], &window[..firsts.len()]);
        let is_last = if is_open { end.0.starts_with(&last[..]) } else { end.0 == *last };
        if is_last && begin.iter().map(|(word, _)| word).eq(firsts) {
            marks.push(window[0].1.start..end.1.end);
        }
    }
}

fn merged(mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    marks.sort_unstable_by_key(|mark| mark.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(marks.len());
    for mark in marks {
        match merged.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => merged.push(mark),
        }
    }
    merged
}

/// The part of a text around its first mark, at most so many characters; its beginning where nothing is marked. It begins
/// and ends between words where it can.
pub fn snippet<'a>(text: &'a str, marks: &[Range<usize>], most_chars: usize) -> Snippet<'a> {
    let is_in = |at: usize| text.is_char_boundary(at);
    let first = marks.first().filter(|mark| mark.start < mark.end && is_in(mark.start) && is_in(mark.end));
    let lead = most_chars / 4;
    let mut start = first.map_or(0, |mark| back(text, mark.start, lead));
    // Where the end is near, more of what stands before has room.
    start = start.min(back(text, text.len(), most_chars));
    if start > 0 && !text[..start].ends_with(char::is_whitespace) {
        let to = first.map_or(start, |mark| mark.start);
        let blank = text.get(start..to).and_then(|skipped| skipped.find(char::is_whitespace));
        start += blank.map_or(0, |blank| blank + text[start + blank..].chars().next().map_or(0, char::len_utf8));
    }
    let rest = &text[start..];
    let mut end = rest.char_indices().nth(most_chars).map_or(text.len(), |(at, _)| start + at);
    if end < text.len() && !text[end..].starts_with(char::is_whitespace) {
        let shown = first.map_or(start, |mark| mark.end.min(end));
        let blank = text.get(shown..end).and_then(|last| last.rfind(char::is_whitespace));
        end = blank.filter(|_| end - shown > 1).map_or(end, |blank| shown + blank);
    }
    let inside = marks.iter().map(|mark| mark.start.max(start)..mark.end.min(end)).filter(|mark| mark.start < mark.end);
    let marks = inside.map(|mark| mark.start - start..mark.end - start).collect();
    Snippet { text: &text[start..end], marks, is_cut_before: start > 0, is_cut_behind: end < text.len() }
}

/// So many characters before a place.
fn back(text: &str, from: usize, chars: usize) -> usize {
    match chars.checked_sub(1) {
        None => from,
        Some(chars) => text[..from].char_indices().rev().nth(chars).map_or(0, |(at, _)| at),
    }
}
