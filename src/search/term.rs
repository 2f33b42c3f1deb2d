//! The bytes of terms: what the index holds and what it is asked are made by the same functions.

use std::ops::Range;

use super::field::Field;
use super::fold::{Words, fold_value};
use crate::model::Term;

/// Bytes of a value as it was written, and as it is folded: together with the zero byte at most a term.
const MOST_WRITTEN: usize = 260;
const MOST_FOLDED: usize = Term::MOST_BYTES - MOST_WRITTEN - 1;

/// The endings of files that hold models. Nobody searches for them, and every name has one.
const ENDINGS: [&str; 8] = ["safetensors", "ckpt", "pt", "pth", "gguf", "sft", "bin", "onnx"];

/// A whole value: folded, a zero byte, as it was written.
pub(super) fn of_value(text: &str) -> Vec<u8> {
    let mut bytes = of_folded(text, true);
    bytes.extend_from_slice(cut(text, MOST_WRITTEN).as_bytes());
    bytes
}

/// How all values begin that are folded the same; those that go on too, where they need not end.
pub(super) fn of_folded(text: &str, ends: bool) -> Vec<u8> {
    let mut bytes = cut(&fold_value(text), MOST_FOLDED).as_bytes().to_vec();
    bytes.extend(ends.then_some(0));
    bytes
}

/// A word of ours, or an id, as it is.
pub(super) fn of_code(code: &str) -> Vec<u8> {
    cut(code, Term::MOST_BYTES).as_bytes().to_vec()
}

/// What the index has for a word that a field knows.
pub(super) fn of_choice(field: Field, word: &str) -> &str {
    if field == Field::Kind && word == "3d" { "model3d" } else { word }
}

/// Bytes that sort as the numbers do. Never of a NaN.
pub fn sortable(number: f64) -> [u8; 8] {
    // `+ 0.0`: there is no negative zero.
    let bits = (number + 0.0).to_bits();
    let sign = 1 << 63;
    (if bits & sign == 0 { bits | sign } else { !bits }).to_be_bytes()
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Words::of(text);
    let mut all = Vec::new();
    while let Some(word) = words.next_word() {
        all.push(word.text.to_owned());
    }
    all
}

/// A model's name without the ending of its file.
pub(super) fn without_ending(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    }
}

/// The words of a name with those in camel case taken apart.
pub(super) struct Camel {
    pub words: Vec<CamelWord>,
}

/// One of them.
pub(super) struct CamelWord {
    pub text: String,
    /// Its bytes in the name.
    pub range: Range<usize>,
}

impl Camel {
    /// `None` where no word is of parts.
    pub fn of(name: &str) -> Option<Self> {
        let has_hump =
            name.as_bytes().windows(2).any(|pair| pair[1].is_ascii_uppercase() && pair[0].is_ascii_alphanumeric());
        if !has_hump {
            return None;
        }
        let mut all = Words::of(name);
        let mut words = Vec::new();
        let mut is_taken_apart = false;
        while let Some(word) = all.next_word() {
            let start = word.range.start;
            if !name[word.range.clone()].is_ascii() {
                words.push(CamelWord { text: word.text.to_owned(), range: word.range });
                continue;
            }
            let before = words.len();
            for part in camel_parts(&name[word.range]) {
                let text = cut(&name[start..][part.clone()], Words::MOST_BYTES).to_ascii_lowercase();
                words.push(CamelWord { text, range: start + part.start..start + part.end });
            }
            is_taken_apart |= words.len() > before + 1;
        }
        is_taken_apart.then_some(Self { words })
    }
}

/// Where the parts of a word in camel case are: `VAEDecode` has `VAE` and `Decode`.
fn camel_parts(word: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = word.as_bytes();
    let mut from = 0;
    let ends = (1..=bytes.len()).filter(move |&at| {
        let (Some(before), Some(here)) = (bytes.get(at - 1), bytes.get(at)) else { return true };
        let is_before_small = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        here.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && is_before_small))
    });
    ends.map(move |end| std::mem::replace(&mut from, end)..end)
}

/// The beginning of a text, at most so many bytes, up to the end of a character.
fn cut(text: &str, most_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(most_bytes)]
}
