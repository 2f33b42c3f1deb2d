//! The item before, for one that is nearly the same: what is equal needs no second look. Runs repeat their prompt and
//! workflow almost to the byte, and to compare two texts takes a tenth of the time that it takes to find the brackets in one.
//!
//! Only where brackets lie is taken from the item before, and only for bytes that were compared: outside of strings the same
//! bytes have the same brackets, whatever stood before them.

/// The longest item that is kept to compare the next one with.
const LONGEST: usize = 1 << 20;

/// Compared at once.
const STEP: usize = 128;

/// The brackets of the item in hand, and the item before with its own; each as how far it lies from the item's start.
#[derive(Debug, Default)]
pub(super) struct Echo {
    brackets: Vec<usize>,
    last: Vec<u8>,
    brackets_of_last: Vec<usize>,
}

impl Echo {
    /// Begins an item.
    pub(super) fn begin(&mut self) {
        self.brackets.clear();
    }

    /// Notes the next bracket of the item.
    pub(super) fn note(&mut self, at: usize) {
        if at < LONGEST {
            self.brackets.push(at);
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

    /// Notes and gives the brackets in `rest`, which lies `at` bytes from the item's start, right behind a bracket: as far
    /// as the item before goes on with the same bytes behind its own bracket of that number.
    pub(super) fn ahead(&mut self, at: usize, rest: &[u8]) -> &[usize] {
        let number = self.brackets.len();
        let pair = self.brackets.last().zip(number.checked_sub(1).and_then(|last| self.brackets_of_last.get(last)));
        // Of an item that is too long the later brackets are not noted.
        if let Some((&own, &last)) = pair.filter(|(own, _)| **own + 1 == at) {
            let end = last + 1 + alike(rest, &self.last[last + 1..]);
            let known = &self.brackets_of_last[number..];
            let known = &known[..known.partition_point(|at| *at < end)];
            self.brackets.extend(known.iter().map(|at| at - last + own).take_while(|at| *at < LONGEST));
        }
        &self.brackets[number..]
    }

    /// Forgets the brackets from there on again: the item ended before them.
    pub(super) fn cut_off(&mut self, from: usize) {
        self.brackets.truncate(self.brackets.partition_point(|at| *at < from));
    }
}

/// With how many bytes both begin.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let steps = STEP * a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count();
    steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count()
}
