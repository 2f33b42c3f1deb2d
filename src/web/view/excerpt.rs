//! A window of lines of a document, however long it is, with what somebody looks for marked in it. Walks over the text
//! once and builds only what is shown.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::indent::Lines;

/// Lines of a window.
pub const WINDOW: usize = 200;

/// Lines shown above a match.
const ABOVE: usize = 6;

/// Bytes of a line that are shown: a picture may stand in one as text.
const LINE_BYTES: usize = 4_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The first line, from 1; else the match leads, else the beginning.
    pub from: Option<usize>,
    /// What to look for, in any case; empty: nothing.
    pub find: String,
    /// Which of the matches, from 1.
    pub nth: Option<usize>,
}

/// Lines of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The number of the first line, from 1.
    pub first: usize,
    pub lines: Vec<Line>,
    /// Lines of the whole document.
    pub total: usize,
    /// Matches in the whole document.
    pub matches: usize,
    /// The match that the window is about, from 1; 0 when there is none.
    pub nth: usize,
}

/// A line in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Texts, and whether each is a match.
    pub parts: Vec<(String, bool)>,
    /// Whether the match that the window is about stands here.
    pub is_current: bool,
    /// Whether it goes on.
    pub is_cut: bool,
}

/// Cuts a window out of a document.
pub fn cut(json: &str, wanted: &Wanted) -> Excerpt {
    let finder = finder(&wanted.find);
    let (mut lines, mut line) = (Lines::new(json), String::new());
    let (mut total, mut matches, mut nth) = (0, 0, 0);
    let mut start: Option<(usize, usize, Lines<'_>)> = None;
    // Where windows would begin that lead to a line just read; and to the last that had a match.
    let mut recent: VecDeque<(usize, usize, Lines<'_>)> = VecDeque::with_capacity(ABOVE + 1);
    let mut last = None;
    let aim = wanted.nth.unwrap_or(1).max(1);
    let is_led_by_match = wanted.from.is_none() && finder.is_some();
    loop {
        if start.is_none() {
            recent.truncate(ABOVE);
            recent.push_front((total, matches, lines.clone()));
        }
        if !lines.next_into(&mut line) {
            break;
        }
        total += 1;
        let before = matches;
        matches += finder.as_ref().map_or(0, |finder| finder.find_iter(&*readable(&line)).count());
        if start.is_some() {
            continue;
        }
        if is_led_by_match && matches >= aim {
            nth = aim;
            start = recent.pop_back();
        } else if is_led_by_match && matches > before {
            last = recent.back().cloned();
        } else if wanted.from.is_some_and(|from| total >= from) {
            nth = if matches > before { before + 1 } else { before };
            start = recent.pop_front();
        }
    }
    // Past the last match: the last one there is. Past the end: the last window.
    if start.is_none() && last.is_some() {
        (start, nth) = (last, matches);
    }
    if start.is_none() && wanted.from.is_some() && total > 0 {
        return cut(json, &Wanted { from: Some(total.saturating_sub(WINDOW - 1).max(1)), ..wanted.clone() });
    }
    let (skipped, seen, from) = start.unwrap_or((0, 0, Lines::new(json)));
    Excerpt { first: skipped + 1, lines: shown(from, skipped, seen, nth, finder.as_ref()), total, matches, nth }
}

fn shown(mut lines: Lines<'_>, skipped: usize, mut seen: usize, nth: usize, finder: Option<&AhoCorasick>) -> Vec<Line> {
    let mut line = String::new();
    let mut shown = Vec::with_capacity(WINDOW);
    while shown.len() < WINDOW && lines.next_into(&mut line) {
        let text = readable(&line);
        let found: Vec<Range<usize>> =
            finder.map(|finder| finder.find_iter(&*text).map(|found| found.range()).collect()).unwrap_or_default();
        let is_current = (seen + 1..=seen + found.len()).contains(&nth);
        seen += found.len();
        let end = text.floor_char_boundary(LINE_BYTES);
        let number = skipped + shown.len() + 1;
        shown.push(Line { number, parts: parts(&text[..end], &found), is_current, is_cut: end < text.len() });
    }
    shown
}

fn parts(text: &str, found: &[Range<usize>]) -> Vec<(String, bool)> {
    let mut parts = Vec::new();
    let mut at = 0;
    for range in found.iter().filter(|range| range.end <= text.len()) {
        parts.push((text[at..range.start].to_owned(), false));
        parts.push((text[range.clone()].to_owned(), true));
        at = range.end;
    }
    parts.push((text[at..].to_owned(), false));
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

/// Looks for a text in any case, as far as it is ASCII.
fn finder(text: &str) -> Option<AhoCorasick> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    AhoCorasick::builder().ascii_case_insensitive(true).build([text]).ok()
}

/// The line with letters in place of the `\u4e00` that Python writes; control characters and half pairs stay escaped.
fn readable(line: &str) -> Cow<'_, str> {
    if memchr::memmem::find(line.as_bytes(), b"\\u").is_none() {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, letter) = escaped(rest);
        match letter.filter(|letter| !letter.is_control()) {
            Some(letter) => out.push(letter),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the escape at the start, and the letter that a `\u` stands for.
fn escaped(text: &str) -> (usize, Option<char>) {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let Some(first) = unit(text) else {
        return (1 + text.chars().nth(1).map_or(0, char::len_utf8), None);
    };
    let pair = text.get(6..).and_then(unit).map(|second| [first, second]);
    if let Some(Ok(letter)) =
        pair.and_then(|pair| char::decode_utf16(pair).next()).filter(|_| (0xd800..0xdc00).contains(&first))
    {
        return (12, Some(letter));
    }
    (6, char::from_u32(u32::from(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(lines: usize) -> String {
        let items: Vec<String> = (0..lines).map(|n| format!(r#""k{n}":"value {n}""#)).collect();
        format!("{{{}}}", items.join(","))
    }

    fn wanted(from: Option<usize>, find: &str, nth: Option<usize>) -> Wanted {
        Wanted { from, find: find.to_owned(), nth }
    }

    #[test]
    fn a_window_begins_where_it_is_asked_to() {
        let json = document(1_000);
        let excerpt = cut(&json, &wanted(Some(500), "", None));
        assert_eq!((excerpt.first, excerpt.lines.len(), excerpt.total), (500, WINDOW, 1_002));
        assert_eq!(excerpt.lines[0].parts, [(r#"  "k498": "value 498","#.to_owned(), false)]);
        let last = cut(&json, &wanted(Some(99_999), "", None));
        assert_eq!((last.first, last.lines.last().unwrap().number), (803, 1_002));
    }

    #[test]
    fn matches_are_counted_everywhere_and_marked_in_the_window() {
        let json = document(1_000);
        let excerpt = cut(&json, &wanted(None, "VALUE 77", Some(3)));
        assert_eq!((excerpt.matches, excerpt.nth), (11, 3));
        let current = excerpt.lines.iter().find(|line| line.is_current).unwrap();
        assert_eq!(current.number, 773);
        assert_eq!(current.parts[1], ("value 77".to_owned(), true));
        assert_eq!(excerpt.first, 773 - ABOVE);
        assert_eq!(cut(&json, &wanted(None, "value 77", Some(99))).nth, 11, "past the last one it is the last one");
        let nothing = cut(&json, &wanted(None, "nowhere", None));
        assert_eq!((nothing.matches, nothing.nth, nothing.first), (0, 0, 1));
    }

    #[test]
    fn letters_that_python_escaped_are_read_and_found() {
        let json = r#"{"a":"\u57ce\u5821 \ud83d\ude00 \u0007 \ud83d \\u57ce \n"}"#;
        let excerpt = cut(json, &wanted(None, "城堡", None));
        assert_eq!(excerpt.matches, 1);
        let text: String = excerpt.lines.iter().flat_map(|line| &line.parts).map(|(text, _)| text.as_str()).collect();
        assert_eq!(text, r#"{"a": "城堡 😀 \u0007 \ud83d \\u57ce \n"}"#);
    }

    #[test]
    fn a_line_that_holds_a_picture_is_cut() {
        let json = format!(r#"{{"a":"{}","b":1}}"#, "é".repeat(1_000_000));
        let excerpt = cut(&json, &Wanted::default());
        assert!(excerpt.lines[1].is_cut && excerpt.lines[1].parts[0].0.len() <= LINE_BYTES);
        assert_eq!(excerpt.total, 4);
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_its_lines(text in r#"[\[\]{},:"\\ ua1é0d8\n]{0,300}"#, from in 0..20_usize, nth in 0..5_usize) {
            for from in [None, Some(from)] {
                let excerpt = cut(&text, &wanted(from, "a", Some(nth)));
                proptest::prop_assert!(excerpt.lines.len() <= excerpt.total);
                proptest::prop_assert!(excerpt.nth <= excerpt.matches);
            }
        }
    }
}
