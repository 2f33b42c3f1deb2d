//! Secrets within one text: header lines, environments, queries of addresses, JSON and code that stand in a string.
//!
//! A text is never parsed: from each word that may name a secret it is looked a few letters ahead, so the time is
//! bounded by the length of the text.

use std::ops::Range;

use super::looks;
use super::names::{Names, Telling, name_around};
use super::words::REDACTED;

/// How much of a value is looked at to tell what it is.
const LONGEST_LOOK: usize = 1024;

/// Where secrets stand in `text`, in their order; none overlaps another.
pub(super) fn cuts(names: &Names, text: &str) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    // How far words were looked at, shapes were found, and values: what lies within one is replaced with it.
    let (mut words, mut shapes, mut values) = (0, 0, 0);
    for hit in names.hints().find_overlapping_iter(text) {
        if hit.start() >= shapes
            && let Some(shape) = looks::shape(text, hit.start())
        {
            shapes = shape.end;
            cuts.push(shape);
        }
        let name = name_around(text, hit.range());
        if name.end <= words || name.start < values {
            continue;
        }
        words = name.end;
        if let Some(value) = named(names, text, name) {
            values = value.end;
            cuts.push(value);
        }
    }
    merged(cuts)
}

/// Ranges in order, those that touch or overlap as one.
pub(super) fn merged(mut cuts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    cuts.sort_unstable_by_key(|cut| (cut.start, cut.end));
    let mut out: Vec<Range<usize>> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        match out.last_mut() {
            Some(last) if cut.start < last.end => last.end = last.end.max(cut.end),
            _ => out.push(cut),
        }
    }
    out
}

/// What stands behind a name, if that is a secret's.
fn named(names: &Names, text: &str, name: Range<usize>) -> Option<Range<usize>> {
    let word = text[name.clone()].trim_start_matches('-');
    let mut telling = names.telling(word);
    if let Some(longer) = spaced(text, &name).map(|longer| names.telling(longer)) {
        telling = if longer == Telling::Spared { longer } else { telling.max(longer) };
    }
    if telling <= Telling::Nothing {
        return None;
    }
    let sign = Separator::behind(text, &name)?;
    let value = sign.value(text, LONGEST_LOOK)?;
    let found = &text[value.clone()];
    if found.is_empty() || text[value.start..].starts_with(REDACTED) || found.starts_with(['$', '%', '<', '{']) {
        return None;
    }
    let is_secret = match sign.kind {
        ValueForm::Quoted => telling.hides(found),
        ValueForm::Header => telling >= Telling::Likely,
        ValueForm::Parameter => is_secret_parameter(telling, word, found),
        ValueForm::Equals => is_assigned(telling, text, &value),
        // A sentence has colons too, but no names of several words.
        ValueForm::Colon | ValueForm::Flag => {
            let is_no_word =
                looks::is_odd(found) || found.len() >= 20 || (word.contains(['_', '-']) && found.len() >= 4);
            telling.hides(found) && is_no_word
        }
    };
    // What is none is followed no further than it takes to know that; a secret is to its end.
    if is_secret { sign.value(text, usize::MAX) } else { None }
}

/// A name of two words: `Access Key: …`.
fn spaced<'a>(text: &'a str, name: &Range<usize>) -> Option<&'a str> {
    let before = text[..name.start].strip_suffix(' ')?;
    let start = name_around(text, before.len()..before.len()).start;
    (start < before.len()).then(|| &text[start..name.end])
}

fn is_secret_parameter(telling: Telling, name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_signature = ["sig", "signature", "sign", "hmac"].iter().any(|end| name.ends_with(end)) && value.len() >= 8;
    is_signature || value.len() >= 16 || telling.hides(value)
}

/// Whether what is assigned is a value, and not code that gets it from somewhere.
fn is_assigned(telling: Telling, text: &str, value: &Range<usize>) -> bool {
    let found = &text[value.clone()];
    let is_call = text[value.end..].starts_with(['(', '[']);
    let is_count = found.len() < 4 && found.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_type = matches!(found, "str" | "string" | "STRING" | "Optional");
    let is_variable = super::names::is_secret_name(found) && !looks::is_odd(found);
    telling.hides(found) && !(is_call || is_count || is_type || is_variable)
}

/// How a value is written behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueForm {
    /// `"api_key": "…"`, `api_key='…'`
    Quoted,
    /// `Authorization: …` to the end of the line.
    Header,
    /// `?token=…&`
    Parameter,
    /// `API_KEY=…`
    Equals,
    /// `api_key: …`
    Colon,
    /// `--api-key …`
    Flag,
}

/// What stands between a name and its value.
struct Separator {
    kind: ValueForm,
    /// Where the value begins.
    start: usize,
    quote: Option<u8>,
}

impl Separator {
    fn behind(text: &str, name: &Range<usize>) -> Option<Self> {
        let bytes = text.as_bytes();
        let skip = |at: usize, fits: fn(u8) -> bool, most: usize| {
            at + bytes[at..].iter().take(most).take_while(|byte| fits(**byte)).count()
        };
        let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\');
        let is_blank = |byte: u8| byte == b' ' || byte == b'\t';
        let before = name.start.checked_sub(1).map(|before| bytes[before]);
        let closed = skip(name.end, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']'), 8);
        let sign = skip(closed, is_blank, 8);
        let is_flag = text[..name.end].get(name.start..).is_some_and(|word| word.starts_with("--"));
        let (mut kind, behind) = match bytes.get(sign) {
            Some(b'=') if matches!(before, Some(b'?' | b'&')) => (ValueForm::Parameter, sign + 1),
            Some(b'=') => (ValueForm::Equals, skip(sign + 1, |byte| matches!(byte, b'=' | b'>'), 1)),
            Some(b':') => (ValueForm::Colon, skip(sign + 1, |byte| byte == b'=', 1)),
            Some(0xef) if text[sign..].starts_with('：') => (ValueForm::Colon, sign + '：'.len_utf8()),
            _ if is_flag && sign > closed => (ValueForm::Flag, sign),
            _ => return None,
        };
        let start = skip(behind, is_blank, 8);
        let opened = skip(start, is_quote, 8);
        let quote = (opened > start).then(|| bytes[opened - 1]).filter(|quote| *quote != b'\\');
        if quote.is_some() {
            return Some(Self { kind: ValueForm::Quoted, start: opened, quote });
        }
        if kind == ValueForm::Colon && is_header(&text[name.clone()], &text[start..]) {
            kind = ValueForm::Header;
        }
        // `key = value` is a sentence or code as well as an assignment; what follows is one word in each.
        Some(Self { kind, start, quote: None })
    }

    /// Where the value lies, as far as it is followed.
    fn value(&self, text: &str, most: usize) -> Option<Range<usize>> {
        let rest = text.get(self.start..)?;
        let is_end = |byte: u8| match (self.quote, self.kind) {
            (Some(quote), _) => byte == quote || byte == b'\n',
            (None, ValueForm::Header) => matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'`'),
            (None, ValueForm::Parameter) => byte.is_ascii_whitespace() || b"&#\"'<>\\`,;)]}|".contains(&byte),
            (None, _) => byte.is_ascii_whitespace() || b",;&\"'`(){}[]<>|\\".contains(&byte),
        };
        let length = rest.bytes().take(most).take_while(|byte| !is_end(*byte)).count();
        let length = rest.floor_char_boundary(length);
        let value = rest[..length].trim_end_matches(|c: char| c.is_whitespace() || c == '\\');
        Some(self.start..self.start + value.len())
    }
}

/// Whether a line is a header: of those that hold secrets, and with what they hold.
fn is_header(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let line = value[..value.floor_char_boundary(LONGEST_LOOK)].lines().next().unwrap_or_default();
    let line = line.split(['"', '\'', '`']).next().unwrap_or_default();
    match name.as_str() {
        "authorization" | "proxy-authorization" => {
            let first = line.split_whitespace().next().unwrap_or_default();
            let schemes = ["bearer", "basic", "digest", "token", "apikey", "key", "aws4-hmac-sha256", "oauth"];
            schemes.iter().any(|scheme| first.eq_ignore_ascii_case(scheme)) && first.len() < line.trim().len()
                || looks::is_odd(first)
                || (first.len() >= 8 && first == line.trim() && first.contains(['-', '_', '.', '=']))
        }
        "cookie" | "set-cookie" => {
            let first = line.trim().split(';').next().and_then(|pair| pair.split_once('='));
            first.is_some_and(|(name, _)| !name.is_empty() && !name.contains([' ', ',']))
        }
        _ => name.contains('-') && line.trim().len() >= 6 && !line.trim().contains([' ', ',']),
    }
}
