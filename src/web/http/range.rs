//! Which bytes of a file a client asks for: `Range` with a single range (RFC 9110, section 14).

use std::ops::RangeInclusive;

/// What a `Range` header asks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedRange {
    /// No range that we understand: all of it. RFC 9110 lets a server ignore what it doesn't know, several ranges too.
    All,
    /// These bytes, first and last.
    Part(RangeInclusive<u64>),
    /// A range that lies outside of the file.
    Nothing,
}

/// Reads a `Range` header for a file of that size.
pub fn wanted(header: &str, size: u64) -> RequestedRange {
    let Some((unit, range)) = header.split_once('=') else { return RequestedRange::All };
    let Some((first, last)) = range.trim().split_once('-') else { return RequestedRange::All };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return RequestedRange::All;
    }
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => RequestedRange::All,
        (Some(first), Some(last)) => part(first, last, size),
        (Some(first), None) if last.is_empty() => part(first, u64::MAX, size),
        (None, Some(0)) if first.is_empty() => RequestedRange::Nothing,
        (None, Some(count)) if first.is_empty() => part(size.saturating_sub(count), u64::MAX, size),
        _ => RequestedRange::All,
    }
}

fn part(first: u64, last: u64, size: u64) -> RequestedRange {
    match size.checked_sub(1) {
        Some(end) if first <= end => RequestedRange::Part(first..=last.min(end)),
        _ => RequestedRange::Nothing,
    }
}

/// Digits only: no sign, no blank. More than a `u64` can say is as good as its end.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_is_cut_to_the_file() {
        for (header, part) in [
            ("bytes=0-0", 0..=0),
            ("bytes=0-3", 0..=3),
            ("bytes=4-", 4..=9),
            ("bytes=5-99999999999999999999999", 5..=9),
            ("bytes=-4", 6..=9),
            ("bytes=-400", 0..=9),
            ("Bytes= 0-1 ", 0..=1),
        ] {
            assert_eq!(wanted(header, 10), RequestedRange::Part(part), "{header}");
        }
    }

    #[test]
    fn a_range_outside_of_the_file_is_told_from_one_that_makes_no_sense() {
        for header in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(wanted(header, 10), RequestedRange::Nothing, "{header}");
        }
        assert_eq!(wanted("bytes=0-", 0), RequestedRange::Nothing);
        assert_eq!(wanted("bytes=-5", 0), RequestedRange::Nothing);
        for header in
            ["", "bytes", "bytes=", "bytes=-", "bytes=3-2", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=+1-2"]
        {
            assert_eq!(wanted(header, 10), RequestedRange::All, "{header}");
        }
    }
}
