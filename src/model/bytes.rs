//! Sizes as people read them, in every language we speak.

/// A size in bytes: `144 B`, `39.6 kB`, `2.0 GB`.
pub fn shown_bytes(bytes: u64) -> String {
    let mut unit_size = 1_000_u128;
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
        let tenths = (u128::from(bytes) * 10 + unit_size / 2) / unit_size;
        if bytes < 1_000 {
            break;
        }
        if tenths < 10_000 || unit == "PB" {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        unit_size *= 1_000;
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_in_the_unit_they_are_shown_in() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (39_565, "39.6 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (999_999, "1.0 MB"),
            (2_000_000_000, "2.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(shown_bytes(size), text);
        }
    }
}
