//! A pull scanner: walks a JSON text once, handing out slices of it. It tells values apart and finds their ends; it
//! doesn't judge what is inside, so a broken text gives `None` or a slice that a strict reader will refuse later.

use std::borrow::Cow;

use super::item::{Item, Spans};
use super::python_json::string_end;

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    spans: Option<&'a Spans>,
}

impl<'a> Scanner<'a> {
    /// At the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, spans: None }
    }

    /// At the start of an item whose larger parts are known: stepping over those takes no time.
    pub fn of(item: &'a Item) -> Self {
        Self { text: &item.json, at: 0, spans: Some(&item.spans) }
    }

    /// Where the scanner stands, in bytes from the start.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The first byte of what comes next, behind white space, commas and colons.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Steps into an object or array; `false`, and nothing moves, when the next value isn't one that opens with `open`.
    pub fn enter(&mut self, open: u8) -> bool {
        let enters = self.peek() == Some(open);
        self.at += usize::from(enters);
        enters
    }

    /// Inside an object: the next key, its value comes next. `None` at the end, which is stepped over.
    pub fn key(&mut self) -> Option<Cow<'a, str>> {
        match self.peek()? {
            b'"' => unquote(self.value()?),
            b'}' => {
                self.at += 1;
                None
            }
            _ => None,
        }
    }

    /// Inside an array: whether a value comes next. At the end, which is stepped over, `false`.
    pub fn has_element(&mut self) -> bool {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                false
            }
            Some(b'}') | None => false,
            Some(_) => true,
        }
    }

    /// Steps over the next value, whatever it is, and gives its text.
    pub fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at = match first {
            b'"' => string_end(bytes, start),
            b'{' | b'[' => self.spans.and_then(|spans| spans.end(start)).unwrap_or_else(|| nested_end(bytes, start)),
            b'}' | b']' => return None,
            _ => bytes[start..]
                .iter()
                .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
                .map_or(bytes.len(), |length| start + length),
        };
        self.text.get(start..self.at)
    }

    /// Steps over what is left of the object or array the scanner is in.
    pub fn leave(&mut self) {
        while self.value().is_some() {}
        self.at += usize::from(self.peek().is_some());
    }
}

/// The place behind the object or array that opens at `open`; the end of the text when it never closes.
fn nested_end(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The text that a JSON string stands for; `None` when `json` isn't a string.
pub fn unquote(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    // Python's json.dumps writes lone surrogates as they are, which a strict parser refuses.
    serde_json::from_str::<String>(json).ok().or_else(|| Some(inner.to_owned())).map(Cow::Owned)
}

/// The members of an object, in their order; nothing for anything else.
pub fn members(json: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let mut scanner = Scanner::new(json);
    let is_object = scanner.enter(b'{');
    std::iter::from_fn(move || {
        if !is_object {
            return None;
        }
        let key = scanner.key()?;
        Some((key, scanner.value()?))
    })
}

/// The elements of an array, in their order; nothing for anything else.
pub fn elements(json: &str) -> impl Iterator<Item = &str> {
    let mut scanner = Scanner::new(json);
    let is_array = scanner.enter(b'[');
    std::iter::from_fn(move || if is_array && scanner.has_element() { scanner.value() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order_as_they_were_written() {
        let json = r#" { "b" : [1, {"x": "}"}], "a\"": NaN, "": "\\" , "n":-1.5e3} "#;
        let found: Vec<_> = members(json).map(|(key, value)| (key.into_owned(), value)).collect();
        let expected = [("b", r#"[1, {"x": "}"}]"#), ("a\"", "NaN"), ("", r#""\\""#), ("n", "-1.5e3")]
            .map(|(k, v)| (k.to_owned(), v));
        assert_eq!(found, expected);
    }

    #[test]
    fn elements_come_in_order_and_other_values_have_none() {
        assert_eq!(elements(r#"[1,[2,"]"],null]"#).collect::<Vec<_>>(), ["1", r#"[2,"]"]"#, "null"]);
        assert_eq!(elements("{}").count() + elements("5").count() + members("[1]").count() + members("").count(), 0);
    }

    #[test]
    fn the_rest_of_a_value_can_be_left() {
        let mut scanner = Scanner::new(r#"[{"a":1,"b":{"c":2}},7]"#);
        assert!(scanner.enter(b'[') && scanner.enter(b'{'));
        assert_eq!(scanner.key().as_deref(), Some("a"));
        scanner.leave();
        assert_eq!(scanner.value(), Some("7"));
        assert!(!scanner.has_element());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_or_run_forever(text in r#"[\[\]{}",:\\a1 é]{0,40}"#) {
            for (_, value) in members(&text) {
                elements(value).for_each(drop);
            }
            let mut scanner = Scanner::new(&text);
            scanner.enter(b'[');
            scanner.leave();
        }
    }
}
