//! Text as it is compared: its words, and whole values. Case, accents and forms of the same letter make no difference.

use std::ops::Range;

use super::script::{WordPart, folded, is_plain_han, joined, part};

/// The words of a text, in order. What isn't a letter or a digit stands between words. Where words aren't written apart,
/// every character is one, so that any part of a text is a phrase.
pub struct Words<'a> {
    text: &'a str,
    /// Where reading goes on.
    at: usize,
    /// Folded characters of what is before that, not used yet; the first is at `used`.
    ahead: Vec<Folded>,
    used: usize,
    word: String,
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'w> {
    /// As it is compared; at most [`Words::MOST_BYTES`].
    pub text: &'w str,
    /// Its bytes in the text. Words that one character stands for share them.
    pub range: Range<usize>,
}

#[derive(Clone, Copy)]
struct Folded {
    c: char,
    start: usize,
    end: usize,
}

impl<'a> Words<'a> {
    /// Longer words are cut.
    pub const MOST_BYTES: usize = 64;

    pub fn of(text: &'a str) -> Self {
        Self { text, at: 0, ahead: Vec::new(), used: 0, word: String::new() }
    }

    /// The next word. No iterator: the word lives until the next one is asked for.
    pub fn next_word(&mut self) -> Option<Word<'_>> {
        loop {
            if self.used < self.ahead.len() {
                match self.any_word() {
                    Some(range) => return Some(Word { text: &self.word, range }),
                    None => continue,
                }
            }
            let bytes = self.text.as_bytes();
            let gap = bytes[self.at..].iter().take_while(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
            self.at += gap.count();
            let start = self.at;
            let end = start + bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            if bytes.get(end).is_none_or(u8::is_ascii) {
                self.at = end;
                return (start < end).then(|| self.plain_word(start..end));
            }
            let han = self.text[start..].chars().next().filter(|c| is_plain_han(*c));
            if let Some(han) = han {
                self.at = start + han.len_utf8();
                return Some(Word { text: &self.text[start..self.at], range: start..self.at });
            }
            self.read_ahead();
        }
    }

    /// A word of ASCII only.
    fn plain_word(&mut self, range: Range<usize>) -> Word<'_> {
        let text = &self.text[range.start..range.end.min(range.start + Self::MOST_BYTES)];
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Word { text, range };
        }
        self.word.clear();
        self.word.push_str(text);
        self.word.make_ascii_lowercase();
        Word { text: &self.word, range }
    }

    /// Folds the next character of the text; `None` at its end.
    fn read_ahead(&mut self) -> Option<()> {
        let start = self.at;
        let c = self.text[start..].chars().next()?;
        self.at += c.len_utf8();
        let end = self.at;
        if self.used == self.ahead.len() {
            self.ahead.clear();
            self.used = 0;
        }
        folded(c, |c| self.ahead.push(Folded { c, start, end }));
        Some(())
    }

    fn peek(&mut self) -> Option<Folded> {
        while self.used == self.ahead.len() {
            self.read_ahead()?;
        }
        self.ahead.get(self.used).copied()
    }

    /// Reads a word of any letters into `word`; `None` where a gap uses up what was read ahead.
    fn any_word(&mut self) -> Option<Range<usize>> {
        self.word.clear();
        let mut range: Option<Range<usize>> = None;
        let mut is_lone = false;
        let mut is_cut = false;
        while range.is_some() || self.used < self.ahead.len() {
            let Some(next) = self.peek() else { break };
            let last = self.word.chars().next_back().filter(|_| !is_cut);
            let both = last.and_then(|last| joined(last, next.c));
            let part = part(next.c);
            match (part, &mut range) {
                // Marks of either kind go with what they make another character of: か and a voicing mark are が.
                (_, Some(range)) if both.is_some() => {
                    self.word.pop();
                    range.end = next.end;
                }
                (WordPart::Nothing, Some(range)) => range.end = next.end,
                (WordPart::Nothing | WordPart::Gap | WordPart::Mark, None) => {}
                (WordPart::Gap | WordPart::Lone, Some(_)) => break,
                (_, Some(_)) if is_lone => break,
                (_, Some(range)) => range.end = next.end,
                (_, None) => {
                    range = Some(next.start..next.end);
                    is_lone = part == WordPart::Lone;
                }
            }
            self.used += 1;
            let c = both.or((range.is_some() && part != WordPart::Nothing).then_some(next.c));
            if let Some(c) = c {
                is_cut |= self.word.len() + c.len_utf8() > Self::MOST_BYTES;
                if !is_cut {
                    self.word.push(c);
                }
            }
        }
        range
    }
}

/// A whole value as it is compared with others: case, accents, the kind of slash, and runs of blanks or underscores make
/// no difference.
pub fn fold_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut push = |c: char| match c {
        '\\' => value.push('/'),
        _ if c == '_' || c.is_whitespace() || c.is_control() => {
            if !value.is_empty() && !value.ends_with(' ') {
                value.push(' ');
            }
        }
        _ if c.is_ascii() => value.push(c),
        _ => match value.chars().next_back().and_then(|last| joined(last, c)) {
            Some(both) => {
                value.pop();
                value.push(both);
            }
            None if part(c) == WordPart::Nothing => {}
            None => value.push(c),
        },
    };
    text.chars().for_each(|c| folded(c, &mut push));
    value.truncate(value.trim_end().len());
    value
}
