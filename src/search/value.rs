//! From what is written as a term to what it means.

use unicode_normalization::UnicodeNormalization;

use super::days::Spelled;
use super::entry::text_hash;
use super::error::{Error, Expected};
use super::field::{self, Field, FieldShape};
use super::fold::{Words, fold_value};
use super::number::{NumberRange, is_sign};
use super::tree::{Leaf, SoughtValue};
use super::when::When;

/// A term as it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct WrittenTerm {
    /// Without quotes and escapes; with the `*` where it has no quotes.
    pub text: String,
    pub is_quoted: bool,
    /// Whether a `*` stands at its end.
    pub is_open: bool,
    /// Whether a `=` stands before it.
    pub is_exact: bool,
    /// Where the weight of a prompt's word begins in the text.
    pub weight: Option<usize>,
}

/// The term; `None` where it says nothing yet.
pub(super) fn leaf(field: Option<Field>, given: WrittenTerm) -> Result<Option<Leaf>, Error> {
    let Some(field) = field else { return Ok(word(&given)) };
    if given.text.trim().is_empty() {
        return Ok(None);
    }
    let leaf = |field: Field, value: SoughtValue| Leaf { field: Some(field), value };
    match field.shape() {
        FieldShape::Words(..) => Ok(worded(field, given)?.map(|value| leaf(field, value))),
        FieldShape::Whole(_) => Ok(whole(field, given)?.map(|value| leaf(field, value))),
        FieldShape::Choice(choices) => chosen(field, choices, &given).map(Some),
        FieldShape::Number(_) => {
            let text = plain(&given.text);
            let is_duration = field == Field::Duration;
            let span = if is_duration { NumberRange::of_durations(&text) } else { NumberRange::of_numbers(&text) };
            let expected = if is_duration { Expected::Duration } else { Expected::Number };
            match span {
                Some(span) => Ok(Some(leaf(field, SoughtValue::Number(span)))),
                None if is_sign(&text) => Ok(None),
                None => Err(bad(field, given.text, expected)),
            }
        }
        FieldShape::When => {
            let text = plain(&given.text);
            let is_day = field == Field::Date;
            let when = if is_day { When::of_days(&text) } else { When::of_moments(&text) };
            let expected = if is_day { Expected::Date } else { Expected::Moment };
            when.map(|when| Some(leaf(field, SoughtValue::When(when)))).ok_or_else(|| bad(field, given.text, expected))
        }
    }
}

/// As an input method's full-width digits are meant.
fn plain(text: &str) -> String {
    text.trim().nfkc().collect()
}

fn bad(field: Field, given: String, expected: Expected) -> Error {
    let nearest = match expected {
        Expected::OneOf(words) => field::nearest_of(&given, words.iter().copied()),
        Expected::Date | Expected::Moment => field::nearest_of(&given, ["today", "yesterday"].into_iter()),
        _ => None,
    };
    Error::BadValue { field, given, nearest, expected }
}

/// A word without a field: days where it means some, else a word to look for. What can't mean days is kept in quotes, so that
/// it reads back as the word that it is.
fn word(given: &WrittenTerm) -> Option<Leaf> {
    let mut value = words(given)?;
    if let SoughtValue::Words { text, is_quoted, is_open: false } = &mut value
        && !*is_quoted
        && let Some(days) = Spelled::of_word(text)
    {
        if given.weight.is_none() {
            return Some(Leaf { field: Some(Field::Date), value: SoughtValue::When(When::Days(days)) });
        }
        *is_quoted = true;
    }
    Some(Leaf { field: None, value })
}

/// From the first letter of a word to the last one; `None` without a word.
fn words(given: &WrittenTerm) -> Option<SoughtValue> {
    let text = &given.text[..given.weight.unwrap_or(given.text.len())];
    let mut words = Words::of(text);
    let mut range = words.next_word()?.range;
    while let Some(word) = words.next_word() {
        range.end = word.range.end;
    }
    let text = text[range].to_owned();
    Some(SoughtValue::Words { text, is_quoted: given.is_quoted, is_open: given.is_open })
}

fn worded(field: Field, given: WrittenTerm) -> Result<Option<SoughtValue>, Error> {
    if given.is_exact {
        return match field {
            // The whole text of a prompt is known by its hash.
            Field::Prompt => Ok(text_hash(&[&given.text]).map(SoughtValue::Hash)),
            _ if field.values().is_some() => Ok(Some(SoughtValue::Exact(given.text))),
            _ => Err(bad(field, given.text, Expected::Words)),
        };
    }
    let digits = given.text.strip_prefix('#').filter(|_| !given.is_quoted && field.hashes().is_some());
    match digits {
        Some(digits) if digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Some(SoughtValue::Hash(digits.to_ascii_lowercase())))
        }
        _ => Ok(words(&given)),
    }
}

fn whole(field: Field, given: WrittenTerm) -> Result<Option<SoughtValue>, Error> {
    let is_open = given.is_open && !given.is_exact;
    // The star is no part of the text where it stands in no quotes.
    let text = given.text.strip_suffix(['*', '＊']).filter(|_| is_open && !given.is_quoted).unwrap_or(&given.text);
    let mut text = text.trim().to_owned();
    if field == Field::Seed {
        text = plain(&text);
        let digits = text.strip_prefix('-').unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad(field, given.text, Expected::Seed));
        }
    }
    Ok((!fold_value(&text).is_empty()).then_some(SoughtValue::Whole { text, is_open }))
}

/// A word that the field knows. What says the same becomes the same: `is:failed` is `status:failed`.
fn chosen(field: Field, choices: &'static [&'static str], given: &WrittenTerm) -> Result<Leaf, Error> {
    let folded = fold_value(&given.text.replace('-', "_"));
    let folded = if folded == "model3d" { "3d" } else { &folded };
    let word = choices.iter().copied().find(|choice| fold_value(choice) == folded);
    let word = word.ok_or_else(|| bad(field, given.text.clone(), Expected::OneOf(choices)))?;
    let (field, word) = match field {
        Field::Is | Field::Has if Field::Kind.choices().contains(&word) => (Field::Kind, word),
        Field::Is if Field::Status.choices().contains(&word) => (Field::Status, word),
        Field::Has if word == "preview" => (Field::Is, "temp"),
        field => (field, word),
    };
    Ok(Leaf { field: Some(field), value: SoughtValue::Choice(word) })
}
