//! Numbers as people read them.

/// A duration: `24 ms`, `1.9 s`, `1 min 20 s`, `2 h 05 min`.
pub(super) fn duration(millis: i64) -> String {
    // Rounded to what the unit shows first, so that 59,999 ms is a minute and not `60.0 s`.
    match millis.max(0) {
        millis @ 0..1_000 => format!("{millis} ms"),
        millis @ 1_000..59_950 => {
            let tenths = (millis + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        millis @ 59_950..3_599_500 => {
            let seconds = (millis + 500) / 1_000;
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
        millis => {
            let minutes = (millis + 30_000) / 60_000;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        }
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_within_their_unit() {
        let durations = [24, 1_949, 59_949, 59_950, 3_599_499, 3_599_500, 7_500_000, -5].map(duration);
        assert_eq!(
            durations,
            ["24 ms", "1.9 s", "59.9 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "2 h 05 min", "0 ms"]
        );
        assert_eq!([0, 1, 2].map(|number| count(number, "run")), ["0 runs", "1 run", "2 runs"]);
    }
}
