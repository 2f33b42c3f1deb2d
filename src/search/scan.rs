//! How the text of one term is read: a phrase, a tag of a prompt, or what stands between blanks.

use super::value::WrittenTerm;
use super::write::{
    closing, ends_bare, is_close_paren, is_colon, is_escaped_in_quotes, is_open_paren, is_weight, is_weighted,
    name_length,
};

/// The longest `<lora:…>`.
const MOST_TAG_BYTES: usize = 300;

/// A search text while it is read.
pub(super) struct TermInput<'a> {
    pub text: &'a str,
    /// How far it is read, in bytes.
    pub at: usize,
    /// In how many parentheses.
    pub depth: usize,
    /// Whether the text ended within a phrase.
    pub leaves_quote_open: bool,
}

impl<'a> TermInput<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, leaves_quote_open: false }
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn eat(&mut self, is_wanted: impl Fn(char) -> bool) -> bool {
        let found = self.peek().filter(|c| is_wanted(*c));
        self.at += found.map_or(0, char::len_utf8);
        found.is_some()
    }

    /// An operator, where it stands alone.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        let is_alone = behind.is_some_and(|behind| {
            behind.chars().next().is_none_or(|c| ends_bare(c) || is_open_paren(c) || is_close_paren(c))
        });
        self.at += if is_alone { word.len() } else { 0 };
        is_alone
    }

    /// The text of a term.
    pub fn given(&mut self) -> WrittenTerm {
        match self.peek().and_then(closing) {
            Some(closing) => self.quoted(closing),
            None => self.tag().unwrap_or_else(|| self.bare()),
        }
    }

    fn quoted(&mut self, closing: &str) -> WrittenTerm {
        let mut text = String::new();
        let mut rest = self.rest().char_indices().skip(1).peekable();
        let mut end = self.text.len();
        self.leaves_quote_open = true;
        while let Some((at, c)) = rest.next() {
            if closing.contains(c) {
                end = self.at + at + c.len_utf8();
                self.leaves_quote_open = false;
                break;
            }
            let escaped = rest.peek().map(|(_, c)| *c).filter(|next| c == '\\' && is_escaped_in_quotes(*next));
            if escaped.is_some() {
                rest.next();
            }
            text.push(escaped.unwrap_or(c));
        }
        self.at = end;
        let is_open = self.eat(|c| matches!(c, '*' | '＊'));
        WrittenTerm { text, is_quoted: true, is_open, ..WrittenTerm::default() }
    }

    /// `<lora:a name:0.7>`: its words, without the weights.
    fn tag(&mut self) -> Option<WrittenTerm> {
        let inside = self.rest().strip_prefix('<')?;
        let end =
            inside.find(['<', '>', '\n']).filter(|end| inside[*end..].starts_with('>') && *end < MOST_TAG_BYTES)?;
        name_length(inside)?;
        self.at += end + 2;
        let mut text = &inside[..end];
        while let Some((name, weight)) = text.rsplit_once(':')
            && is_weight(weight)
        {
            text = name;
        }
        Some(WrittenTerm { text: text.to_owned(), ..WrittenTerm::default() })
    }

    /// Up to a blank, a quote, a bar, or the end of the group.
    fn bare(&mut self) -> WrittenTerm {
        let mut given = WrittenTerm::default();
        let mut colon = None;
        let mut depth = 0_usize;
        while let Some(c) = self.peek().filter(|c| !ends_bare(*c)) {
            depth = match c {
                _ if is_open_paren(c) => depth + 1,
                _ if !is_close_paren(c) => depth,
                _ if depth == 0 => break,
                _ => depth - 1,
            };
            self.at += c.len_utf8();
            let escaped = self.peek().filter(|next| c == '\\' && !next.is_alphanumeric());
            if is_colon(c) {
                colon = Some((given.text.len(), c.len_utf8()));
            }
            given.is_open = matches!(c, '*' | '＊');
            self.at += escaped.map_or(0, char::len_utf8);
            given.text.push(escaped.unwrap_or(c));
        }
        let is_closed = self.depth > 0 && self.peek().is_some_and(is_close_paren);
        given.weight = colon
            .filter(|(at, length)| is_closed && is_weighted(&given.text[..*at], &given.text[at + length..]))
            .map(|(at, _)| at);
        given
    }
}
