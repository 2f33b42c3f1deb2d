//! Which runs of a segment have a term, and where in their texts it stands: small, and quick to read.
//!
//! Runs are numbers from 0 in the order of their places. Few are kept as differences, many as a Roaring bitmap. Positions
//! stand apart, run by run, since only phrases ask for them.

use std::io;

use roaring::RoaringBitmap;

/// Kept as differences, each a varint.
const DIFFERENCES: u8 = 0;
/// Kept in Roaring's portable format.
const BITMAP: u8 = 1;

/// Fewer runs than this are never smaller as a bitmap.
const FEW: usize = 32;

/// Bytes for runs in ascending order.
pub(super) fn encode(runs: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(runs.len() + 2);
    encode_into(runs, &mut bytes);
    bytes
}

/// The same in place of what was in `bytes`.
pub(super) fn encode_into(runs: &[u32], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.push(DIFFERENCES);
    let mut before = 0;
    for &run in runs {
        write(bytes, run - before);
        before = run;
    }
    let Ok(mut bitmap) = RoaringBitmap::from_sorted_iter(runs.iter().copied().filter(|_| runs.len() >= FEW)) else {
        return;
    };
    bitmap.optimize();
    if !bitmap.is_empty() && bitmap.serialized_size() < bytes.len() {
        *bytes = encode_bitmap(&bitmap);
    }
}

/// Bytes for runs.
pub(super) fn encode_bitmap(bitmap: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size() + 1);
    bytes.push(BITMAP);
    // Writing into memory doesn't fail.
    let _ = bitmap.serialize_into(&mut bytes);
    bytes
}

/// The runs.
pub(super) fn decode(bytes: &[u8]) -> io::Result<RoaringBitmap> {
    match bytes.split_first() {
        Some((&BITMAP, rest)) => RoaringBitmap::deserialize_from(rest),
        Some((&DIFFERENCES, rest)) => RoaringBitmap::from_sorted_iter(Differences { rest, before: 0 })
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The runs, in ascending order.
pub(super) fn decode_list(bytes: &[u8]) -> io::Result<Vec<u32>> {
    match bytes.split_first() {
        Some((&DIFFERENCES, rest)) => Ok(Differences { rest, before: 0 }.collect()),
        _ => Ok(decode(bytes)?.into_iter().collect()),
    }
}

/// How many of the runs are among others.
pub(super) fn count_in(bytes: &[u8], others: &RoaringBitmap) -> io::Result<u64> {
    match bytes.split_first() {
        Some((&DIFFERENCES, rest)) => {
            let runs = Differences { rest, before: 0 };
            Ok(runs.filter(|run| others.contains(*run)).count() as u64)
        }
        _ => Ok(decode(bytes)?.intersection_len(others)),
    }
}

struct Differences<'a> {
    rest: &'a [u8],
    before: u32,
}

impl Iterator for Differences<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let difference = read(&mut self.rest)?;
        self.before = self.before.saturating_add(difference);
        Some(self.before)
    }
}

/// Appends the positions of one run, in ascending order, at least one: differences, the lowest bit says that it is the
/// last.
pub(super) fn write_positions(bytes: &mut Vec<u8>, positions: impl IntoIterator<Item = u32>) {
    let mut positions = positions.into_iter().peekable();
    let mut before = 0;
    while let Some(position) = positions.next() {
        let is_last = u32::from(positions.peek().is_none());
        write(bytes, ((position - before) & (u32::MAX >> 1)) << 1 | is_last);
        before = position;
    }
}

/// Takes the positions of the next run off, as they are written.
pub(super) fn split_positions<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let all = *bytes;
    let mut rest = all;
    while let Some(value) = read(&mut rest) {
        if value & 1 == 1 {
            break;
        }
    }
    *bytes = rest;
    &all[..all.len() - rest.len()]
}

/// The positions of one run.
pub(super) fn positions(mut bytes: &[u8]) -> impl Iterator<Item = u32> {
    let mut before = 0_u32;
    std::iter::from_fn(move || {
        before = before.saturating_add(read(&mut bytes)? >> 1);
        Some(before)
    })
}

/// Appends a varint: seven bits a byte, the lowest first.
pub(super) fn write(bytes: &mut Vec<u8>, value: u32) {
    write_long(bytes, u64::from(value));
}

/// The same for long numbers.
pub(super) fn write_long(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

/// Takes a varint off; `None` at the end, or where none is.
pub(super) fn read(bytes: &mut &[u8]) -> Option<u32> {
    if let Some((&first, rest)) = bytes.split_first()
        && first < 0x80
    {
        *bytes = rest;
        return Some(u32::from(first));
    }
    read_long(bytes).and_then(|value| u32::try_from(value).ok())
}

/// The same for long numbers.
pub(super) fn read_long(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_come_back_as_they_were(runs in proptest::collection::btree_set(0_u32..200_000, 0..500)) {
            let runs: Vec<u32> = runs.into_iter().collect();
            let bytes = encode(&runs);
            prop_assert_eq!(&decode_list(&bytes).unwrap(), &runs);
            prop_assert_eq!(decode(&bytes).unwrap().into_iter().collect::<Vec<_>>(), &runs[..]);
            let others: RoaringBitmap = (0..100_000).step_by(3).collect();
            let among = runs.iter().filter(|run| **run < 100_000 && **run % 3 == 0).count() as u64;
            prop_assert_eq!(count_in(&bytes, &others).unwrap(), among);
        }

        #[test]
        fn positions_come_back_run_by_run(runs in proptest::collection::vec(
            proptest::collection::btree_set(0_u32..600_000, 1..20), 0..20)) {
            let mut bytes = Vec::new();
            runs.iter().for_each(|run| write_positions(&mut bytes, run.iter().copied()));
            let mut rest = &bytes[..];
            for run in &runs {
                let own: Vec<u32> = positions(split_positions(&mut rest)).collect();
                prop_assert_eq!(own, run.iter().copied().collect::<Vec<_>>());
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn foreign_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (decode(&bytes), decode_list(&bytes), count_in(&bytes, &RoaringBitmap::new()));
            let mut rest = &bytes[..];
            positions(split_positions(&mut rest)).for_each(drop);
        }
    }

    #[test]
    fn what_half_of_all_have_takes_a_bit_each() {
        let half: Vec<u32> = (0..65_536).step_by(2).collect();
        assert!(encode(&half).len() < 8_300);
        assert!(encode(&(0..65_536).collect::<Vec<_>>()).len() < 32, "all are one stretch");
        assert_eq!(encode(&[70]).len(), 2);
    }
}
