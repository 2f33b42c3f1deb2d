//! The item before, for one that is nearly the same: what is equal needs no second look. Runs repeat their prompt and
//! workflow almost to the byte, and to compare two texts takes a tenth of the time that it takes to find the brackets in one.
//!
//! Only where brackets lie is taken from the item before, and only for bytes that were compared: outside of strings the same
//! bytes have the same brackets, whatever stood before them.

use std::ops::Range;

/// The longest item that is kept to compare the next one with.
const LONGEST: usize = 1 << 20;

/// Compared at once.
const STEP: usize = 128;

/// A bracket of an item: how far from the item's start, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bracket {
    pub(super) at: usize,
    pub(super) byte: u8,
}

/// The brackets of the item in hand, and the item before with its own.
#[derive(Debug, Default)]
pub(super) struct Echo {
    brackets: Vec<Bracket>,
    last: Vec<u8>,
    brackets_of_last: Vec<Bracket>,
}

impl Echo {
    /// Begins an item.
    pub(super) fn begin(&mut self) {
        self.brackets.clear();
    }

    /// Notes the next bracket of the item.
    pub(super) fn note(&mut self, bracket: Bracket) {
        if bracket.at < LONGEST {
            self.brackets.push(bracket);
        }
    }

    /// Ends an item: from now on it is the one before, unless it is too long for that.
    pub(super) fn end(&mut self, item: &[u8]) {
        if item.len() > LONGEST {
            *self = Self::default();
            return;
        }
        self.last.clear();
        self.last.extend_from_slice(item);
        std::mem::swap(&mut self.brackets, &mut self.brackets_of_last);
        self.brackets.clear();
    }

    /// Which brackets of the item before lie in `rest` too, which follows the bracket that was noted last: as far as the
    /// item before goes on with the same bytes behind its own bracket of that number.
    pub(super) fn ahead(&self, rest: &[u8]) -> Range<usize> {
        let number = self.brackets.len();
        let pair = self.brackets.last().zip(number.checked_sub(1).and_then(|last| self.brackets_of_last.get(last)));
        let Some(start) = pair.filter(|(own, last)| own.byte == last.byte).map(|(_, last)| last.at + 1) else {
            return 0..0;
        };
        let end = start + alike(rest, &self.last[start..]);
        number..self.brackets_of_last.partition_point(|bracket| bracket.at < end).max(number)
    }

    /// A bracket of the item before, and how far it lies behind the one before that.
    pub(super) fn of_last(&self, number: usize) -> (u8, usize) {
        let bracket = self.brackets_of_last[number];
        (bracket.byte, bracket.at - self.brackets_of_last[number - 1].at)
    }
}

/// With how many bytes both begin.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let steps = STEP * a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count();
    steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count()
}
