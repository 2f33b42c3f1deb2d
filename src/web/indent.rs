//! JSON with line breaks, for people. Only white space changes: numbers and texts stay byte for byte as ComfyUI wrote them,
//! which no parser in between would promise for a seed of 2^64-1 or a float of 40 digits.

/// An array or object up to this long stays on one line: links such as `["4", 0]` are read at a glance.
const SHORT_BYTES: usize = 72;

/// Lays out a JSON text. What isn't JSON comes out readable all the same.
pub fn indent(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 2);
    let mut depth = 0_usize;
    let mut rest = json.trim();
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => rest = take(&mut out, rest, string_len(rest)),
            '{' | '[' => {
                if let Some(length) = short_len(rest) {
                    push_on_one_line(&mut out, &rest[..length]);
                    rest = &rest[length..];
                } else {
                    depth += 1;
                    out.push(c);
                    break_line(&mut out, depth);
                    rest = &rest[1..];
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                rest = take(&mut out, rest, 1);
            }
            ',' => {
                rest = take(&mut out, rest, 1);
                break_line(&mut out, depth);
            }
            ':' => {
                out.push_str(": ");
                rest = &rest[1..];
            }
            c if c.is_ascii_whitespace() => rest = &rest[1..],
            c => rest = take(&mut out, rest, c.len_utf8()),
        }
    }
    out
}

fn take<'a>(out: &mut String, rest: &'a str, length: usize) -> &'a str {
    let (taken, rest) = rest.split_at(length);
    out.push_str(taken);
    rest
}

/// Nothing is nested that deeply but an attack; from there on the lines stay where they are.
fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(64)));
}

/// The length of the string at the start, quotes included; all of the text when it never closes.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
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
fn push_on_one_line(out: &mut String, mut text: &str) {
    while let Some(c) = text.chars().next() {
        match c {
            '"' => text = take(out, text, string_len(text)),
            ',' | ':' => {
                text = take(out, text, 1);
                out.push(' ');
            }
            c if c.is_ascii_whitespace() => text = &text[1..],
            c => text = take(out, text, c.len_utf8()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    }
}
