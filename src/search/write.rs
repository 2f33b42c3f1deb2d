//! How texts are written in a search so that they read back as they are.

use std::fmt::{self, Write};

use super::number::number;

/// Begins a phrase. Those of one row end each other, as hands and input methods mix them.
const QUOTES: [(&str, &str); 3] = [("\"“”„‟＂", "\"“”„‟＂"), ("「", "」"), ("『", "』")];

/// What ends a phrase that begins with this character; `None`: it begins none.
pub(super) fn closing(quote: char) -> Option<&'static str> {
    QUOTES.iter().find(|(open, _)| open.contains(quote)).map(|(_, close)| *close)
}

/// Whether a `\` before it in quotes is not meant itself.
pub(super) fn is_escaped_in_quotes(c: char) -> bool {
    c == '\\' || QUOTES.iter().any(|(open, close)| open.contains(c) || close.contains(c))
}

/// Whether it ends what is written without quotes.
pub(super) fn ends_bare(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '｜') || closing(c).is_some()
}

/// What an input method writes for a parenthesis.
pub(super) fn is_open_paren(c: char) -> bool {
    matches!(c, '(' | '（')
}

/// What an input method writes for a parenthesis.
pub(super) fn is_close_paren(c: char) -> bool {
    matches!(c, ')' | '）')
}

/// What an input method writes for a colon.
pub(super) fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：')
}

/// The length of what may be the name of a field at the beginning of a text, with a colon behind.
pub(super) fn name_length(text: &str) -> Option<usize> {
    let length = text.find(|c: char| !c.is_ascii_alphabetic() && c != '_')?;
    (length >= 2 && text[length..].starts_with(is_colon)).then_some(length)
}

/// Whether a text is the weight of a word in a prompt.
pub(super) fn is_weight(text: &str) -> bool {
    number(text).is_some_and(|weight| weight.abs() < 10.0) && text.len() <= 5
}

/// Whether what stands before and behind a colon are a word and its weight, not two numbers.
pub(super) fn is_weighted(before: &str, behind: &str) -> bool {
    is_weight(behind) && !before.bytes().all(|byte| byte.is_ascii_digit())
}

/// A phrase.
pub(super) fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let is_escaped = match c {
            '\\' => rest.clone().next().is_none_or(is_escaped_in_quotes),
            _ => QUOTES[0].1.contains(c),
        };
        write!(f, "{}{c}", if is_escaped { "\\" } else { "" })?;
    }
    f.write_char('"')
}

/// Words without quotes. The text begins and ends with letters of words.
pub(super) fn bare(text: &str, is_plain: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_plain && matches!(text, "OR" | "AND") {
        f.write_char('\\')?;
    }
    let name = name_length(text).filter(|_| is_plain);
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        let behind = rest.as_str();
        let is_escaped = match c {
            '\\' => behind.chars().next().is_none_or(|c| !c.is_alphanumeric()),
            _ if is_colon(c) => (name == Some(at) && !behind.starts_with("//")) || is_weighted(&text[..at], behind),
            _ => ends_bare(c) || is_open_paren(c) || is_close_paren(c),
        };
        write!(f, "{}{c}", if is_escaped { "\\" } else { "" })?;
    }
    Ok(())
}

/// A whole value, in quotes where it needs them.
pub(super) fn value(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/')) {
        f.write_str(text)
    } else {
        quoted(text, f)
    }
}
