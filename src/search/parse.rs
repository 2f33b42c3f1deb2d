//! Reads a search as a search box forgives: what is left open is closed at the end, what hangs in the air is dropped. Only
//! fields and their values can be wrong.

use super::error::Error;
use super::field::Field;
use super::scan::TermInput;
use super::tree::{Tree, canonical};
use super::value::{self, WrittenTerm};
use super::write::{is_close_paren, is_colon, is_open_paren, is_weight, name_length};
use super::{field, number};

/// Limits of a search: what a person may write, and what an answer may cost.
const MOST_CHARS: usize = 2_000;
const MOST_TERMS: usize = 64;
const MOST_DEEP: usize = 16;

/// Names before a colon that belong to prompts, not to searches.
const PROMPT_NAMES: [&str; 4] = ["embedding", "hypernet", "http", "https"];

/// Reads the terms of a search: each must fit, and none of them is [`Tree::All`].
///
/// # Errors
///
/// Unknown fields and values that a field can't have; texts too long, too deep or with too many terms.
pub(super) fn terms(text: &str) -> Result<Vec<Tree>, Error> {
    let is_long = |text: &str| text.chars().nth(MOST_CHARS).is_some();
    let too_long = Error::TooLong { most: MOST_CHARS };
    if is_long(text) {
        return Err(too_long);
    }
    let mut reader = SearchReader::of(text);
    let terms = reader.all(None);
    if let Some(error) = reader.error {
        return Err(error);
    }
    let terms = match Tree::all(terms) {
        None => Vec::new(),
        Some(Tree::All(terms)) => terms,
        Some(term) => vec![term],
    };
    // Its own text must read back: names before each value of a group can make it longer.
    if is_long(&canonical(&terms)) { Err(too_long) } else { Ok(terms) }
}

/// Where a term stands in the text, for what is suggested while it is typed.
#[derive(Debug, Clone)]
pub(super) struct TermSpot {
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
    let mut reader = SearchReader::of(text);
    reader.all(None);
    reader.input.leaves_quote_open
}

/// The spots of the terms in a text, whatever is wrong with it.
pub(super) fn spots(text: &str) -> Vec<TermSpot> {
    let mut reader = SearchReader::of(text);
    reader.all(None);
    reader.spots
}

struct SearchReader<'a> {
    input: TermInput<'a>,
    terms: usize,
    is_excluded: bool,
    error: Option<Error>,
    spots: Vec<TermSpot>,
}

impl<'a> SearchReader<'a> {
    fn of(text: &'a str) -> Self {
        Self { input: TermInput::of(text), terms: 0, is_excluded: false, error: None, spots: Vec::new() }
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Terms up to the end of the group, or of the text.
    fn all(&mut self, field: Option<Field>) -> Vec<Tree> {
        let mut all: Vec<Tree> = Vec::new();
        let mut is_or = false;
        loop {
            while self.input.eat(char::is_whitespace) {}
            match self.input.peek() {
                None => return all,
                Some(c) if is_close_paren(c) && self.input.depth > 0 => return all,
                _ => {}
            }
            if self.input.eat(|c| matches!(c, '|' | '｜')) || self.input.eat_word("OR") {
                is_or = true;
            } else if !self.input.eat(is_close_paren)
                && !self.input.eat_word("AND")
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

    /// A term or a group, with or without a `-`.
    fn term(&mut self, field: Option<Field>) -> Option<Tree> {
        let is_not = self.input.eat(|c| matches!(c, '-' | '－' | '−'));
        if self.input.peek().is_none_or(|c| c.is_whitespace() || is_close_paren(c) || matches!(c, '|' | '｜')) {
            return None;
        }
        self.is_excluded ^= is_not;
        let start = self.input.at;
        let part = match field {
            _ if self.input.peek().is_some_and(is_open_paren) => self.group(field),
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
        self.input.eat(is_open_paren);
        if self.input.depth == MOST_DEEP {
            self.fail(Error::TooDeep { most: MOST_DEEP });
            self.input.at = self.input.text.len();
            return None;
        }
        self.input.depth += 1;
        let all = self.all(field);
        self.input.depth -= 1;
        self.input.eat(is_close_paren);
        // The weight of a group in a prompt: `(a (red) fox):1.2`.
        if let Some(behind) = self.input.rest().strip_prefix(is_colon) {
            let number = behind.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(behind.len());
            if number > 0 {
                self.input.at = self.input.text.len() - behind.len() + number;
            }
        }
        Tree::all(all)
    }

    /// The field whose name and colon stand here; an error where they look like those of one.
    fn name(&mut self) -> Option<Field> {
        let length = name_length(self.input.rest())?;
        let (name, behind) = self.input.rest().split_at(length);
        let value = behind.trim_start_matches(is_colon);
        let is_one_colon = behind.len() - value.len() == behind.chars().next().map_or(0, char::len_utf8);
        let is_weighted =
            self.input.depth > 0 && value.find(is_close_paren).is_some_and(|end| is_weight(value[..end].trim()));
        let known = Field::of(name);
        let is_prompt = value.starts_with("//")
            || match known {
                // `(model:1.2)` is a word of a prompt, `(steps:20)` is not.
                Some(field) => {
                    is_weighted && field.words().is_some() && self.input.text[..self.input.at].ends_with(is_open_paren)
                }
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
        self.input.at = self.input.text.len() - behind.len();
        self.input.eat(is_colon);
        if known.is_none() {
            self.fail(Error::UnknownField { given: name.to_owned(), nearest: field::nearest(name) });
        }
        known
    }

    /// What stands behind the name of a field.
    fn value(&mut self, field: Field, start: usize, is_in_group: bool) -> Option<Tree> {
        if self.input.peek().is_some_and(is_open_paren) {
            return self.group(Some(field));
        }
        let is_exact = self.input.eat(|c| matches!(c, '=' | '＝'));
        let mut given = self.input.given();
        if !given.is_quoted && number::is_sign(&given.text) {
            // `steps:> 20`; in quotes it is a name.
            let ahead = self.input.rest().trim_start();
            if ahead.starts_with(|c: char| c.is_ascii_digit()) {
                self.input.at = self.input.text.len() - ahead.len();
                given.text.push_str(&self.input.given().text);
            }
        }
        given.is_exact = is_exact;
        self.leaf(Some(field), given, start, is_in_group)
    }

    fn words(&mut self, start: usize) -> Option<Tree> {
        let given = self.input.given();
        self.leaf(None, given, start, false)
    }

    fn leaf(&mut self, field: Option<Field>, given: WrittenTerm, start: usize, is_in_group: bool) -> Option<Tree> {
        let is_excluded = self.is_excluded;
        self.spots.push(TermSpot {
            start,
            end: self.input.at,
            field,
            is_in_group,
            is_excluded,
            text: given.text.clone(),
        });
        match value::leaf(field, given) {
            Ok(leaf) => {
                let leaf = leaf?;
                self.terms += 1;
                if self.terms > MOST_TERMS {
                    self.fail(Error::TooManyTerms { most: MOST_TERMS });
                    self.input.at = self.input.text.len();
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
