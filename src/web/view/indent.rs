//! JSON with line breaks, for people. Only white space changes: numbers and texts stay byte for byte as ComfyUI wrote them,
//! which no parser in between would promise for a seed of 2^64-1 or a float of 40 digits.

/// An array or object up to this long stays on one line: links such as `["4", 0]` are read at a glance.
const SHORT_BYTES: usize = 72;

/// Nothing is nested that deeply but an attack; from there on the lines stay where they are.
const DEEPEST: usize = 64;

/// A JSON text as lines, one at a time: nothing is built but the line that is asked for. What isn't JSON comes out readable
/// all the same. A clone goes on from the same place.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a str,
    depth: usize,
    is_done: bool,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub fn new(json: &'a str) -> Self {
        Self { rest: json.trim(), depth: 0, is_done: false }
    }

    /// Puts the next line in place of what is in `line`; `false` at the end.
    pub fn next_into(&mut self, line: &mut String) -> bool {
        line.clear();
        if self.is_done {
            return false;
        }
        // The end of an object or array closes one step further out.
        let closes = self.rest.starts_with(['}', ']']);
        let depth = if closes { self.depth.saturating_sub(1) } else { self.depth };
        line.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
        while let Some(first) = self.rest.bytes().next() {
            match first {
                b'"' => self.take(line, string_len(self.rest)),
                b'{' | b'[' => {
                    if let Some(length) = short_len(self.rest) {
                        push_on_one_line(line, &self.rest[..length]);
                        self.rest = &self.rest[length..];
                    } else {
                        self.depth += 1;
                        self.take(line, 1);
                        self.skip_blanks();
                        return true;
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.take(line, 1);
                }
                b',' => {
                    self.take(line, 1);
                    self.skip_blanks();
                    return true;
                }
                b':' => {
                    line.push_str(": ");
                    self.rest = &self.rest[1..];
                }
                byte if byte.is_ascii_whitespace() => self.skip_blanks(),
                _ => self.take(line, word_len(self.rest)),
            }
            self.skip_blanks();
            if self.rest.starts_with(['}', ']']) {
                return true;
            }
        }
        self.is_done = true;
        true
    }

    fn take(&mut self, line: &mut String, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        line.push_str(taken);
        self.rest = rest;
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }
}

/// The length of the string at the start, quotes included; all of the text when it never closes.
fn string_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// The length of a number or a word: up to what has a meaning of its own.
fn word_len(text: &str) -> usize {
    let is_end =
        |byte: u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']' | b',' | b':') || byte.is_ascii_whitespace();
    text.bytes().position(is_end).unwrap_or(text.len())
}

/// The length of the array or object at the start, when it is flat and short.
fn short_len(text: &str) -> Option<usize> {
    let mut at = 1;
    while at < SHORT_BYTES {
        match text.as_bytes().get(at)? {
            b'"' => at += string_len(&text[at..]),
            b'{' | b'[' => return None,
            b'}' | b']' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Something flat: one blank behind `,` and `:`, none elsewhere.
fn push_on_one_line(line: &mut String, mut text: &str) {
    while let Some(first) = text.bytes().next() {
        let length = match first {
            b'"' => string_len(text),
            b',' | b':' | b'{' | b'[' | b'}' | b']' => 1,
            byte if byte.is_ascii_whitespace() => {
                text = text.trim_ascii_start();
                continue;
            }
            _ => word_len(text),
        };
        line.push_str(&text[..length]);
        text = &text[length..];
        if matches!(first, b',' | b':') {
            line.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn indent(json: &str) -> String {
        let (mut lines, mut line, mut out) = (Lines::new(json), String::new(), Vec::new());
        while lines.next_into(&mut line) {
            out.push(line.clone());
        }
        out.join("\n")
    }

    #[test]
    fn numbers_and_texts_stay_as_they_came() {
        let json = r#"{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":8.0,"model":["4",0],
                      "text":"a, {b}: \"c\" [d]\\","empty":{},"long_enough_to_break":"a line"}},"4":[]}"#;
        insta::assert_snapshot!(indent(json), @r#"
        {
          "3": {
            "class_type": "KSampler",
            "inputs": {
              "seed": 18446744073709551615,
              "cfg": 8.0,
              "model": ["4", 0],
              "text": "a, {b}: \"c\" [d]\\",
              "empty": {},
              "long_enough_to_break": "a line"
            }
          },
          "4": []
        }
        "#);
    }

    proptest! {
        #[test]
        fn only_white_space_changes(text in r#"[\[\]{},:"\\ a1é\n]{0,200}"#) {
            let bare = |text: &str| text.replace(|c: char| c.is_ascii_whitespace(), "");
            prop_assert_eq!(bare(&indent(&text)), bare(&text));
        }

        #[test]
        fn a_clone_goes_on_from_the_same_place(text in r#"[\[\]{},:"\\ a1é\n]{0,200}"#, at in 0..20_usize) {
            let (mut lines, mut line) = (Lines::new(&text), String::new());
            for _ in 0..at {
                lines.next_into(&mut line);
            }
            let (mut again, mut other) = (lines.clone(), String::new());
            prop_assert_eq!(lines.next_into(&mut line), again.next_into(&mut other));
            prop_assert_eq!(line, other);
        }
    }
}
