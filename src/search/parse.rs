//! Reads a search as a search box forgives: what is left open is closed at the end, what hangs in the air is dropped. Only
//! fields and their values can be wrong.

use super::error::Error;
use super::tree::Tree;
use super::value::{self, Given};
use super::write::{ends_bare, is_close_paren, is_colon, is_open_paren, is_weight, name_length};
use super::{Field, Search, field, number};

/// Limits of a search: what a person may write, and what an answer may cost.
const MOST_CHARS: usize = 2_000;
const MOST_TERMS: usize = 64;
const MOST_DEEP: usize = 16;

/// Names before a colon that belong to prompts, not to searches.
const PROMPT_NAMES: [&str; 4] = ["embedding", "hypernet", "http", "https"];

/// Reads a search.
///
/// # Errors
///
/// Unknown fields and values that a field can't have; texts too long, too deep or with too many terms.
pub fn parse(text: &str) -> Result<Search, Error> {
    let is_long = |text: &str| text.chars().nth(MOST_CHARS).is_some();
    let too_long = Error::TooLong { most: MOST_CHARS };
    if is_long(text) {
        return Err(too_long);
    }
    let mut reader = Reader::of(text);
    let terms = reader.all(None);
    if let Some(error) = reader.error {
        return Err(error);
    }
    let search = Search::of(terms);
    // Its own text must read back: names before each value of a group can make it longer.
    if is_long(&search.to_string()) { Err(too_long) } else { Ok(search) }
}

/// Where a term stands in the text, for what is suggested while it is typed.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// Its bytes, without a `-`.
    pub start: usize,
    pub end: usize,
    pub field: Option<Field>,
    /// Whether the name of the field stands before the parenthesis around it.
    pub is_in_group: bool,
    pub is_excluded: bool,
    /// The value without quotes.
    pub text: String,
}

/// Whether the last phrase of a text isn't closed. A search box forgives that, as more may be typed; a shell's line is whole.
pub fn leaves_quote_open(text: &str) -> bool {
    let mut reader = Reader::of(text);
    reader.all(None);
    reader.leaves_quote_open
}

/// The spots of the terms in a text, whatever is wrong with it.
pub(super) fn spots(text: &str) -> Vec<Spot> {
    let mut reader = Reader::of(text);
    reader.all(None);
    reader.spots
}

pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub at: usize,
    /// In how many parentheses.
    pub depth: usize,
    terms: usize,
    is_excluded: bool,
    /// The first.
    error: Option<Error>,
    /// Whether the text ended within a phrase.
    pub leaves_quote_open: bool,
    spots: Vec<Spot>,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            terms: 0,
            is_excluded: false,
            error: None,
            leaves_quote_open: false,
            spots: Vec::new(),
        }
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

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Terms up to the end of the group, or of the text.
    fn all(&mut self, field: Option<Field>) -> Vec<Tree> {
        let mut all: Vec<Tree> = Vec::new();
        let mut is_or = false;
        loop {
            while self.eat(char::is_whitespace) {}
            match self.peek() {
                None => return all,
                Some(c) if is_close_paren(c) && self.depth > 0 => return all,
                _ => {}
            }
            if self.eat(|c| matches!(c, '|' | '｜')) || self.eat_word("OR") {
                is_or = true;
            } else if !self.eat(is_close_paren)
                && !self.eat_word("AND")
                && let Some(term) = self.term(field)
            {
                match all.pop() {
                    Some(last) if is_or => all.push(Tree::any(last, term)),
                    last => all.extend(last.into_iter().chain([term])),
                }
                is_or = false;
            }
        }
    }

    /// An operator, where it stands alone.
    fn eat_word(&mut self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        let is_alone = behind.is_some_and(|behind| {
            behind.chars().next().is_none_or(|c| ends_bare(c) || is_open_paren(c) || is_close_paren(c))
        });
        self.at += if is_alone { word.len() } else { 0 };
        is_alone
    }

    /// A term or a group, with or without a `-`.
    fn term(&mut self, field: Option<Field>) -> Option<Tree> {
        let is_not = self.eat(|c| matches!(c, '-' | '－' | '−'));
        if self.peek().is_none_or(|c| c.is_whitespace() || is_close_paren(c) || matches!(c, '|' | '｜')) {
            return None;
        }
        self.is_excluded ^= is_not;
        let start = self.at;
        let part = match field {
            _ if self.peek().is_some_and(is_open_paren) => self.group(field),
            Some(field) => self.value(field, start, true),
            None => match self.name() {
                Some(field) => self.value(field, start, false),
                None => self.words(start),
            },
        };
        self.is_excluded ^= is_not;
        if is_not { part.map(Tree::not) } else { part }
    }

    fn group(&mut self, field: Option<Field>) -> Option<Tree> {
        self.eat(is_open_paren);
        if self.depth == MOST_DEEP {
            self.fail(Error::TooDeep { most: MOST_DEEP });
            self.at = self.text.len();
            return None;
        }
        self.depth += 1;
        let all = self.all(field);
        self.depth -= 1;
        self.eat(is_close_paren);
        // The weight of a group in a prompt: `(a (red) fox):1.2`.
        if let Some(behind) = self.rest().strip_prefix(is_colon) {
            let number = behind.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(behind.len());
            if number > 0 {
                self.at = self.text.len() - behind.len() + number;
            }
        }
        Tree::all(all)
    }

    /// The field whose name and colon stand here; an error where they look like those of one.
    fn name(&mut self) -> Option<Field> {
        let length = name_length(self.rest())?;
        let (name, behind) = self.rest().split_at(length);
        let value = behind.trim_start_matches(is_colon);
        let is_one_colon = behind.len() - value.len() == behind.chars().next().map_or(0, char::len_utf8);
        let is_weighted =
            self.depth > 0 && value.find(is_close_paren).is_some_and(|end| is_weight(value[..end].trim()));
        let known = Field::of(name);
        let is_prompt = value.starts_with("//")
            || match known {
                // `(model:1.2)` is a word of a prompt, `(steps:20)` is not.
                Some(field) => is_weighted && field.words().is_some() && self.text[..self.at].ends_with(is_open_paren),
                None => {
                    is_weighted
                        || !is_one_colon
                        || PROMPT_NAMES.iter().any(|prompt| prompt.eq_ignore_ascii_case(name))
                        || value.starts_with('\\')
                        || value.chars().next().is_none_or(|c| c.is_whitespace() || is_close_paren(c))
                }
            };
        if is_prompt {
            return None;
        }
        self.at = self.text.len() - behind.len();
        self.eat(is_colon);
        if known.is_none() {
            self.fail(Error::UnknownField { given: name.to_owned(), nearest: field::nearest(name) });
        }
        known
    }

    /// What stands behind the name of a field.
    fn value(&mut self, field: Field, start: usize, is_in_group: bool) -> Option<Tree> {
        if self.peek().is_some_and(is_open_paren) {
            return self.group(Some(field));
        }
        let is_exact = self.eat(|c| matches!(c, '=' | '＝'));
        let mut given = self.given();
        if !given.is_quoted && number::is_sign(&given.text) {
            // `steps:> 20`; in quotes it is a name.
            let ahead = self.rest().trim_start();
            if ahead.starts_with(|c: char| c.is_ascii_digit()) {
                self.at = self.text.len() - ahead.len();
                given.text.push_str(&self.given().text);
            }
        }
        given.is_exact = is_exact;
        self.leaf(Some(field), given, start, is_in_group)
    }

    fn words(&mut self, start: usize) -> Option<Tree> {
        let given = self.given();
        self.leaf(None, given, start, false)
    }

    fn leaf(&mut self, field: Option<Field>, given: Given, start: usize, is_in_group: bool) -> Option<Tree> {
        let is_excluded = self.is_excluded;
        self.spots.push(Spot { start, end: self.at, field, is_in_group, is_excluded, text: given.text.clone() });
        match value::leaf(field, given) {
            Ok(leaf) => {
                let leaf = leaf?;
                self.terms += 1;
                if self.terms > MOST_TERMS {
                    self.fail(Error::TooManyTerms { most: MOST_TERMS });
                    self.at = self.text.len();
                }
                Some(Tree::Leaf(leaf))
            }
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }
}
