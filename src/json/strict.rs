//! From what Python writes to what everybody reads.

use std::borrow::Cow;

/// Replaces the bare `NaN`, `Infinity` and `-Infinity` that Python writes by `null`; the rest stays byte for byte.
/// Texts that hold none are not copied. What isn't JSON at all stays as it is.
pub fn to_strict(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut strict: Option<Vec<u8>> = None;
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'"', b'N', b'I', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            at = string_end(bytes, at);
            continue;
        }
        let Some(word) = ["NaN", "Infinity"].into_iter().find(|word| bytes[at..].starts_with(word.as_bytes())) else {
            at += 1;
            continue;
        };
        let start = if at > 0 && bytes[at - 1] == b'-' { at - 1 } else { at };
        let out = strict.get_or_insert_default();
        out.extend_from_slice(&bytes[kept..start]);
        out.extend_from_slice(b"null");
        at += word.len();
        kept = at;
    }
    match strict {
        None => Cow::Borrowed(json),
        Some(mut out) => {
            out.extend_from_slice(&bytes[kept..]);
            // Only ASCII words outside strings were cut, so this is still UTF-8.
            String::from_utf8(out).map_or(Cow::Borrowed(json), Cow::Owned)
        }
    }
}

/// The place behind the string that opens at `open`; the end of the text when it never closes.
pub(super) fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    let next = |rest: &[u8]| {
        // Most strings are short: looking at a few bytes is faster than calling for help.
        let near = rest.iter().take(16).position(|byte| matches!(byte, b'"' | b'\\'));
        near.or_else(|| memchr::memchr2(b'"', b'\\', rest))
    };
    while let Some(found) = next(&bytes[at.min(bytes.len())..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_of_python_become_null_and_strings_stay() {
        let python = r#"{"a":[NaN,-Infinity,Infinity],"b":"NaN \" Infinity","c\\":NaN}"#;
        let json = r#"{"a":[null,null,null],"b":"NaN \" Infinity","c\\":null}"#;
        assert_eq!(to_strict(python), json);
        assert!(matches!(to_strict(json), Cow::Borrowed(_)));
    }

    #[test]
    fn broken_texts_do_not_panic() {
        for text in ["\"", "\"\\", "N", "-", "Inf", "\"é\\"] {
            assert_eq!(to_strict(text), text);
        }
    }
}
