//! How far two texts are the same: what runs repeat is found at the speed of memory.

/// Compared at once, as long as that goes well, and then to find the place.
const STEPS: [usize; 2] = [1024, 32];

/// With how many bytes both begin.
pub fn common_start(a: &[u8], b: &[u8]) -> usize {
    let mut at = 0;
    for step in STEPS {
        let (a, b) = (a[at..].chunks_exact(step), b[at..].chunks_exact(step));
        at += step * a.zip(b).take_while(|(a, b)| a == b).count();
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(a, b)| a == b).count()
}

/// With how many bytes both end.
pub fn common_end(a: &[u8], b: &[u8]) -> usize {
    let mut at = 0;
    for step in STEPS {
        let (a, b) = (a[..a.len() - at].rchunks_exact(step), b[..b.len() - at].rchunks_exact(step));
        at += step * a.zip(b).take_while(|(a, b)| a == b).count();
    }
    let (a, b) = (a[..a.len() - at].iter().rev(), b[..b.len() - at].iter().rev());
    at + a.zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_common_ends_at_the_first_byte_that_differs(
            same in 0_usize..3000, a in "[ab]{0,40}", b in "[ab]{0,40}",
        ) {
            let same = "x".repeat(same);
            let expected = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
            let [before_a, before_b] = [&a, &b].map(|rest| [same.as_bytes(), rest.as_bytes()].concat());
            proptest::prop_assert_eq!(common_start(&before_a, &before_b), same.len() + expected);
            let expected = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
            let [after_a, after_b] = [&a, &b].map(|rest| [rest.as_bytes(), same.as_bytes()].concat());
            proptest::prop_assert_eq!(common_end(&after_a, &after_b), same.len() + expected);
        }
    }
}
