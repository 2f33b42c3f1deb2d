//! The shape of a JSON text: a number that stays the same when only its values change.
//!
//! It is kept in the database to find a base again, however long ago it was used. A wrong guess only costs space.

/// FNV-1a (draft-eastlake-fnv), 64 bits: chosen because it is the same in every release, unlike Rust's own hasher.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Hashes the names of all members, in order. Any text has a shape, JSON or not.
pub(super) fn of(text: &str) -> i64 {
    let bytes = text.as_bytes();
    let mut hash = OFFSET;
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + quote + 1;
        let end = end_of_string(bytes, start);
        at = (end + 1).min(bytes.len());
        let is_name = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if is_name {
            for &byte in bytes[start..end].iter().chain(b"\"") {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
    }
    hash.cast_signed()
}

/// Where the closing quote is, or the end of the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        let place = at + found;
        if bytes[place] == b'"' {
            return place;
        }
        at = (place + 2).min(bytes.len());
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::of;

    #[test]
    fn the_shape_stays_when_only_values_change() {
        let prompt = |seed: u64, text: &str| format!(r#"{{"3": {{"inputs": {{"seed": {seed}, "text": "{text}"}}}}}}"#);
        assert_eq!(of(&prompt(1, "a cat")), of(&prompt(u64::MAX, r#"a \"dog\" \\"#)));
        assert_ne!(of(&prompt(1, "a cat")), of(&prompt(1, "a cat").replace("seed", "noise_seed")));
    }

    #[test]
    fn the_shape_of_a_text_never_changes_between_versions() {
        assert_eq!(of(r#"{"a": 1, "b" : "c"}"#), OLD);
        assert_eq!(of("no json at all"), super::OFFSET.cast_signed());
    }

    /// As computed when databases with it were first written.
    const OLD: i64 = -3_213_116_562_110_769_970;

    proptest! {
        #[test]
        fn any_text_has_a_shape(text in "[\\PC\"\\\\:]*") {
            of(&text);
        }
    }
}
