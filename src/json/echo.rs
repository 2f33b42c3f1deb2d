//! An item that the next ones are compared with: what is equal needs no second look. Runs repeat their prompt and workflow
//! almost to the byte, and to compare two texts takes a tenth of the time that it takes to find the brackets in one.
//!
//! The item in hand keeps step with the known one as long as both opened and closed the same brackets. Right behind a
//! bracket, outside of strings, the same bytes then go on in the same way: of a stretch that was compared only its parts
//! are taken over, none of its brackets is looked at. Nothing else is concluded from what is known.

use super::alike::common_start;
use super::item::Spans;

/// The longest item that others are compared with, and the most brackets of it.
const LONGEST: usize = 1 << 20;
const MOST_BRACKETS: usize = 1 << 17;

/// An item is worth learning if more than this part of it was new.
const WORTH_LEARNING: usize = 8;

/// Where an object or array starts and ends in its item.
pub(super) type Part = (usize, usize);

/// The brackets of the item in hand, and the item that it is compared with. Places count from the item's start.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// What is open, the outermost first; beyond [`LONGEST`] no deeper than parts are noted.
    open: Vec<OpenPart>,
    /// How many brackets it had by now.
    count: usize,
    /// Where those are that were found by looking.
    found: Vec<usize>,
    /// Those between them that are the known item's.
    taken: Vec<BracketRange>,
    /// Bytes that needed no second look.
    taken_bytes: usize,
    /// It is longer than what others are compared with.
    is_long: bool,
    known: LearnedText,
}

/// A bracket that is open.
#[derive(Debug, Clone, Copy)]
struct OpenPart {
    number: usize,
    at: usize,
    /// In the known item the bracket of this number opens too, in the same one, and so up to the outermost.
    is_in_step: bool,
}

/// Brackets by their numbers, and where the last one before them is, here and in the known item.
#[derive(Debug)]
struct BracketRange {
    from: usize,
    to: usize,
    at: usize,
    known_at: usize,
}

impl Echo {
    /// Begins an item.
    pub(super) fn begin(&mut self) {
        self.open.clear();
        self.count = 0;
        self.found.clear();
        self.taken.clear();
        self.taken_bytes = 0;
        self.is_long = false;
    }

    /// An opening bracket, so deep in the item: the outermost is 1.
    pub(super) fn opens(&mut self, at: usize, depth: usize) {
        let number = self.count;
        self.note(at);
        if !self.is_long {
            let is_in_step = self.known.opens(number, self.open.last());
            self.open.push(OpenPart { number, at, is_in_step });
        } else if depth <= Spans::DEEPEST {
            self.open.push(OpenPart { number, at, is_in_step: false });
        }
    }

    /// A closing bracket, so deep as the one that it closes. Gives the part that it ends, if that is to be noted.
    pub(super) fn closes(&mut self, at: usize, depth: usize) -> Option<Part> {
        self.note(at);
        if self.is_long && depth > Spans::DEEPEST {
            return None;
        }
        let open = self.open.pop()?;
        Spans::notes(open.at, at + 1, depth).then_some((open.at, at + 1))
    }

    fn note(&mut self, at: usize) {
        if at >= LONGEST || self.count >= MOST_BRACKETS {
            self.is_long = true;
            self.open.truncate(Spans::DEEPEST);
        } else if !self.is_long {
            self.found.push(at);
            self.count += 1;
        }
    }

    /// Right behind a bracket, with what follows `at`: goes on as far as the known item does with the same bytes, to behind
    /// a bracket. Gives where that is and how deep, and appends the parts that end on the way.
    pub(super) fn goes_on(&mut self, at: usize, rest: &[u8], ended: &mut Vec<Part>) -> Option<(usize, usize)> {
        let number = self.count;
        let (outermost, innermost) = (self.open.first()?, self.open.last()?);
        let last = number.checked_sub(1).filter(|_| !self.is_long)?;
        if !innermost.is_in_step || self.known.innermost(last) != Some(innermost.number) {
            return None;
        }
        let known_at = self.known.brackets[last].at + 1;
        let end = known_at + common_start(rest, &self.known.text[known_at..]);
        let known = &self.known.brackets;
        let to = (number + known[number..].partition_point(|bracket| bracket.at < end))
            // Not beyond the end of the value.
            .min(known[outermost.number].mate + 1);
        if to == number || at + known[to - 1].at - known_at >= LONGEST {
            return None;
        }
        let stretch = BracketRange { from: number, to, at, known_at };
        self.close_and_open(&stretch, ended);
        self.count = to;
        let goes_to = stretch.here(self.known.brackets[to - 1].at + 1);
        self.taken_bytes += goes_to - at;
        self.taken.push(stretch);
        Some((goes_to, self.open.len()))
    }

    /// What a stretch of the known item closes and leaves open.
    fn close_and_open(&mut self, stretch: &BracketRange, ended: &mut Vec<Part>) {
        let known = &self.known;
        while let Some(open) = self.open.pop_if(|open| known.brackets[open.number].mate < stretch.to) {
            let end = stretch.here(known.brackets[known.brackets[open.number].mate].at + 1);
            ended.extend(Spans::notes(open.at, end, self.open.len() + 1).then_some((open.at, end)));
        }
        let first = known.parts.partition_point(|(_, close)| *close < stretch.from);
        for (open, close) in known.parts[first..].iter().take_while(|(_, close)| *close < stretch.to) {
            if *open >= stretch.from {
                let [start, end] = [*open, *close].map(|number| stretch.here(known.brackets[number].at));
                ended.push((start, end + 1));
            }
        }
        let open_before = self.open.len();
        let mut inner = known.innermost(stretch.to - 1);
        while let Some(number) = inner.filter(|number| *number >= stretch.from) {
            self.open.push(OpenPart { number, at: stretch.here(known.brackets[number].at), is_in_step: true });
            inner = known.brackets[number].around;
        }
        self.open[open_before..].reverse();
    }

    /// Ends an item: if much of it was new, the next ones are compared with it from now on.
    pub(super) fn end(&mut self, item: &[u8]) {
        if self.is_long || item.len() > LONGEST {
            // The next one is as long, most likely.
            *self = Self::default();
        } else if self.count > 0 && item.len() - self.taken_bytes > item.len() / WORTH_LEARNING {
            let places = self.places();
            self.known.learn(item, &places);
        }
    }

    /// The item that others are compared with.
    #[cfg(test)]
    pub(super) fn known(&self) -> &[u8] {
        &self.known.text
    }

    /// Forgets the known item.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.known = LearnedText::default();
    }

    /// Where all brackets of the item are.
    fn places(&self) -> Vec<usize> {
        let mut places = Vec::with_capacity(self.count);
        let mut found = self.found.iter().copied();
        for stretch in &self.taken {
            places.extend(found.by_ref().take(stretch.from - places.len()));
            let known = &self.known.brackets[stretch.from..stretch.to];
            places.extend(known.iter().map(|bracket| stretch.here(bracket.at)));
        }
        places.extend(found);
        places
    }
}

impl BracketRange {
    /// Where a place of the known item is here.
    fn here(&self, known: usize) -> usize {
        known - self.known_at + self.at
    }
}

/// An item with all its brackets.
#[derive(Debug, Default)]
struct LearnedText {
    text: Vec<u8>,
    brackets: Vec<Bracket>,
    /// Its larger parts as the numbers of their brackets, in the order of their ends.
    parts: Vec<(usize, usize)>,
}

#[derive(Debug, Clone, Copy)]
struct Bracket {
    at: usize,
    /// The number of the one that it closes, or that closes it.
    mate: usize,
    /// The number of the one that it stands in.
    around: Option<usize>,
}

impl LearnedText {
    /// Takes the place of the item before. Brackets are pairs whatever their kinds, as they are to whoever cuts items.
    fn learn(&mut self, item: &[u8], places: &[usize]) {
        self.text.clear();
        self.text.extend_from_slice(item);
        self.brackets.clear();
        self.parts.clear();
        let mut open = Vec::new();
        for (number, &at) in places.iter().enumerate() {
            let is_opening = matches!(item[at], b'{' | b'[');
            let mate = if is_opening { Some(number) } else { open.pop() };
            let around = open.last().copied();
            self.brackets.push(Bracket { at, mate: mate.unwrap_or(number), around });
            if is_opening {
                open.push(number);
            } else if let Some(mate) = mate {
                self.brackets[mate].mate = number;
                if Spans::notes(self.brackets[mate].at, at + 1, open.len() + 1) {
                    self.parts.push((mate, number));
                }
            }
        }
    }

    /// Whether the bracket of that number opens within that one, of those that both items have.
    fn opens(&self, number: usize, around: Option<&OpenPart>) -> bool {
        let Some(bracket) = self.brackets.get(number) else { return false };
        bracket.mate > number
            && bracket.around == around.map(|open| open.number)
            && around.is_none_or(|it| it.is_in_step)
    }

    /// The innermost that is open behind the bracket of that number.
    fn innermost(&self, number: usize) -> Option<usize> {
        let bracket = self.brackets.get(number)?;
        if bracket.mate > number { Some(number) } else { bracket.around }
    }
}
