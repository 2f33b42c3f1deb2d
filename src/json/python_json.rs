//! Python's JSON (`NaN`, `Infinity`) made standard JSON.

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
    while let Some(found) = string_stop(&bytes[at.min(bytes.len())..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The first quote or backslash. Most strings are short, so eight bytes at a time come first; a long one is left to
/// those who take thirty-two.
#[inline]
pub(super) fn string_stop(rest: &[u8]) -> Option<usize> {
    const LONG: usize = 64;
    let mut at = 0;
    while let Some(eight) = rest[at..].first_chunk() {
        if at >= LONG {
            return memchr::memchr2(b'"', b'\\', &rest[at..]).map(|found| at + found);
        }
        let word = u64::from_le_bytes(*eight);
        let stops = zero_bytes(word ^ every(b'"')) | zero_bytes(word ^ every(b'\\'));
        if stops != 0 {
            return Some(at + stops.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    rest[at..].iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|found| at + found)
}

/// A byte, eight times.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the top bit of the lowest byte that is zero, and perhaps of bytes above it.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(every(0x01)) & !word & every(0x80)
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

    proptest::proptest! {
        #[test]
        fn the_first_stop_is_found_however_far_it_is(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20), far in 0_usize..150) {
            let text = [vec![b'x'; far], text].concat();
            let expected = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            proptest::prop_assert_eq!(string_stop(&text), expected);
        }
    }

    #[test]
    fn broken_texts_do_not_panic() {
        for text in ["\"", "\"\\", "N", "-", "Inf", "\"é\\"] {
            assert_eq!(to_strict(text), text);
        }
    }
}
