//! Cuts a JSON text apart while it arrives, so that a list of any length needs the memory of its longest item.

use super::echo::{Echo, Part};
use super::item::{Item, Spans};
use super::python_json::string_stop;

/// How deep the items lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Items {
    /// The members of the outer object: `{"key":ITEM,…}`.
    Members,
    /// The elements of the arrays in the outer object: `{"key":[ITEM,…],…}`.
    Elements,
}

/// Why a text can't be cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// The outermost value is no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// It ended in the middle.
    #[error("the JSON text is cut off")]
    CutOff,
    /// Bytes that are no UTF-8.
    #[error("the JSON text is not UTF-8")]
    NotUtf8,
    /// One item is larger than we are willing to hold in memory.
    #[error("an item is larger than {0} bytes")]
    TooLarge(usize),
}

/// What a byte outside of strings means: 0 nothing, 1 something around items, 2 something everywhere.
const INTEREST: [u8; 256] = {
    let mut interest = [1; 256];
    let mut blank = 0;
    while blank < 4 {
        interest[b" \n\r\t"[blank] as usize] = 0;
        blank += 1;
    }
    let mut mark = 0;
    while mark < 5 {
        interest[b"\"{}[]"[mark] as usize] = 2;
        mark += 1;
    }
    interest
};

/// Fed with pieces of a text, gives the items that are complete.
#[derive(Debug)]
pub struct Splitter {
    items: Items,
    limit: usize,
    /// What has arrived and isn't handed out yet.
    buffer: Vec<u8>,
    /// Up to here `buffer` was looked at.
    at: usize,
    /// Where the item, or the key before it, starts in `buffer`.
    start: usize,
    depth: usize,
    in_string: bool,
    key: String,
    is_done: bool,
    /// The parts of the item that have ended, from its start.
    parts: Vec<Part>,
    /// The brackets within the item, and the one that it is compared with.
    echo: Echo,
}

impl Splitter {
    /// A splitter that refuses items of more than `limit` bytes.
    pub fn new(items: Items, limit: usize) -> Self {
        let (buffer, key, parts, echo) = (Vec::new(), String::new(), Vec::new(), Echo::default());
        Self { items, limit, buffer, at: 0, start: 0, depth: 0, in_string: false, key, is_done: false, parts, echo }
    }

    /// Takes the next piece and appends what became complete to `out`.
    pub fn feed(&mut self, piece: &[u8], out: &mut Vec<Item>) -> Result<(), SplitError> {
        self.buffer.extend_from_slice(piece);
        loop {
            if self.in_string && !self.leave_string() {
                break; // The rest of the string is still to come.
            }
            let least = u8::from(self.depth > self.item_depth());
            let of_interest = |byte: &u8| INTEREST[usize::from(*byte)] > least;
            let rest = &self.buffer[self.at..];
            let Some(found) = rest.iter().position(of_interest) else {
                self.at = self.buffer.len();
                break;
            };
            let byte = rest[found];
            self.at += found + 1;
            if byte == b'"' {
                self.in_string = true;
            } else {
                self.step(byte, out)?;
                self.skip_what_is_known();
            }
        }
        self.forget();
        if self.buffer.len() > self.limit { Err(SplitError::TooLarge(self.limit)) } else { Ok(()) }
    }

    /// To be called at the end: whether the text was whole.
    pub fn finish(&self) -> Result<(), SplitError> {
        if self.is_done { Ok(()) } else { Err(SplitError::CutOff) }
    }

    /// Moves behind the end of the string it is in; `false` when that has not arrived yet.
    fn leave_string(&mut self) -> bool {
        loop {
            let Some(found) = string_stop(&self.buffer[self.at..]) else {
                self.at = self.buffer.len();
                return false;
            };
            self.at += found;
            if self.buffer[self.at] == b'"' {
                self.at += 1;
                self.in_string = false;
                return true;
            }
            if self.at + 1 == self.buffer.len() {
                return false;
            }
            self.at += 2;
        }
    }

    fn item_depth(&self) -> usize {
        match self.items {
            Items::Members => 1,
            Items::Elements => 2,
        }
    }

    /// Within an item, and behind a bracket: goes on as far as this is what is known.
    fn skip_what_is_known(&mut self) {
        let ahead = self.echo.goes_on(self.at - self.start, &self.buffer[self.at..], &mut self.parts);
        if let Some((at, depth)) = ahead {
            self.at = self.start + at;
            self.depth = self.item_depth() + depth;
        }
    }

    /// Acts on a byte outside of strings; `self.at` is behind it.
    fn step(&mut self, byte: u8, out: &mut Vec<Item>) -> Result<(), SplitError> {
        match byte {
            b'{' | b'[' => {
                if self.depth == 0 && (byte != b'{' || self.is_done) {
                    return Err(SplitError::NotAnObject);
                }
                self.depth += 1;
                match self.depth.checked_sub(self.item_depth()) {
                    None | Some(0) => self.begin(),
                    Some(depth) => self.echo.opens(self.at - 1 - self.start, depth),
                }
            }
            b'}' | b']' => {
                match self.depth.checked_sub(self.item_depth()) {
                    None => {}
                    Some(0) => self.cut(self.at - 1, out)?,
                    Some(depth) => self.parts.extend(self.echo.closes(self.at - 1 - self.start, depth)),
                }
                self.depth = self.depth.checked_sub(1).ok_or(SplitError::NotAnObject)?;
                self.is_done = self.depth == 0;
            }
            b',' => {
                if self.depth == self.item_depth() {
                    self.cut(self.at - 1, out)?;
                }
                if self.depth <= self.item_depth() {
                    self.begin();
                }
            }
            b':' if self.depth == 1 => {
                self.key = key_of(&self.buffer[self.start..self.at - 1])?;
                self.begin();
            }
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ if self.depth == 0 => return Err(SplitError::NotAnObject),
            _ => {}
        }
        Ok(())
    }

    /// Begins an item, or the key before one, where it stands. What was noted of another one that never ended is of no use.
    fn begin(&mut self) {
        self.start = self.at;
        self.parts.clear();
        self.echo.begin();
    }

    /// Hands out what lies between `start` and `end`.
    fn cut(&mut self, end: usize, out: &mut Vec<Item>) -> Result<(), SplitError> {
        let text = std::str::from_utf8(&self.buffer[self.start..end]).map_err(|_| SplitError::NotUtf8)?;
        let json = text.trim();
        let before = text.len() - text.trim_start().len();
        if !json.is_empty() {
            let mut spans: Vec<_> = self.parts.iter().map(|(start, end)| (start - before, end - before)).collect();
            spans.sort_unstable();
            out.push(Item { key: self.key.clone(), json: json.to_owned(), spans: Spans(spans) });
        }
        self.echo.end(&self.buffer[self.start..end]);
        self.begin();
        Ok(())
    }

    /// Drops what was handed out.
    fn forget(&mut self) {
        let gone = self.start;
        self.buffer.drain(..gone);
        self.at -= gone;
        self.start = 0;
    }
}

fn key_of(quoted: &[u8]) -> Result<String, SplitError> {
    let quoted = std::str::from_utf8(quoted).map_err(|_| SplitError::NotUtf8)?.trim();
    Ok(super::scan::unquote(quoted).ok_or(SplitError::NotAnObject)?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(items: Items, text: &[u8], piece: usize) -> Result<Vec<(String, String)>, SplitError> {
        let mut splitter = Splitter::new(items, 1000);
        let mut out = Vec::new();
        for piece in text.chunks(piece.max(1)) {
            splitter.feed(piece, &mut out)?;
        }
        splitter.finish()?;
        Ok(out.into_iter().map(|item| (item.key, item.json)).collect())
    }

    #[test]
    fn members_are_the_same_however_the_text_arrives() {
        let text = r#" {"a\"b": {"x":[1,"},{"]}, "é" : NaN,"c":"\\\"" } "#.as_bytes();
        let expected = [("a\"b", r#"{"x":[1,"},{"]}"#), ("é", "NaN"), ("c", r#""\\\"""#)]
            .map(|(key, json)| (key.to_owned(), json.to_owned()));
        for piece in 1..=text.len() {
            assert_eq!(split(Items::Members, text, piece).unwrap(), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn elements_carry_the_key_of_their_array() {
        let text = br#"{"queue_running":[[1,"a",{}]],"queue_pending":[[2,"b"],[3,"],"]],"none":[]}"#;
        let expected =
            [("queue_running", r#"[1,"a",{}]"#), ("queue_pending", r#"[2,"b"]"#), ("queue_pending", r#"[3,"],"]"#)]
                .map(|(key, json)| (key.to_owned(), json.to_owned()));
        for piece in 1..=text.len() {
            assert_eq!(split(Items::Elements, text, piece).unwrap(), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn larger_parts_are_noted_where_they_lie_however_the_text_arrives() {
        let part = format!(r#"{{"a":["{}",{{"b":[{}1]}}]}}"#, "[{".repeat(300), "1,".repeat(400));
        let text = format!(r#"{{ "first":5, "id" : [1, {part}, {{"c":{part}}}],"last":{part}}}"#);
        for piece in [1, 7, 64, text.len()] {
            let (mut splitter, mut out) = (Splitter::new(Items::Members, 100_000), Vec::new());
            text.as_bytes().chunks(piece).for_each(|piece| splitter.feed(piece, &mut out).unwrap());
            let parts = |item: &Item| {
                item.spans.0.iter().map(|(start, end)| item.json[*start..*end].to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(out.len(), 3);
            assert!(parts(&out[0]).is_empty());
            assert_eq!(parts(&out[1]).iter().filter(|found| **found == part).count(), 2, "pieces of {piece}");
            assert!(parts(&out[2]).contains(&part));
            for found in out.iter().flat_map(parts) {
                assert_eq!(crate::json::Scanner::new(&found).value(), Some(found.as_str()));
            }
        }
    }

    #[test]
    fn what_is_not_an_object_or_not_whole_is_an_error() {
        assert_eq!(split(Items::Members, b"{}", 1), Ok(vec![]));
        for text in ["[1]", "<html>", "null", "{}{}", "}"] {
            assert_eq!(split(Items::Members, text.as_bytes(), 1), Err(SplitError::NotAnObject), "{text}");
        }
        for text in ["", "{", r#"{"a":1"#, r#"{"a"#] {
            assert_eq!(split(Items::Members, text.as_bytes(), 1), Err(SplitError::CutOff), "{text}");
        }
        assert_eq!(split(Items::Members, b"{\"a\":\"\xff\"}", 4), Err(SplitError::NotUtf8));
    }

    #[test]
    fn an_item_beyond_the_limit_is_refused_before_it_fills_the_memory() {
        let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
        assert_eq!(split(Items::Members, text.as_bytes(), 100), Err(SplitError::TooLarge(1000)));
    }

    #[test]
    fn items_of_megabytes_that_are_alike_are_cut_where_they_end() {
        let long = format!("[{}0]", "[1],".repeat(400_000));
        let text = format!(r#"{{"a":{long},"b":{long},"c":[{long}],"d":[[1]],"e":{long}}}"#);
        let (mut splitter, mut out) = (Splitter::new(Items::Members, 10_000_000), Vec::new());
        text.as_bytes().chunks(100_000).for_each(|piece| splitter.feed(piece, &mut out).unwrap());
        let lengths: Vec<_> = out.iter().map(|item| item.json.len()).collect();
        assert_eq!(lengths, [long.len(), long.len(), long.len() + 2, 5, long.len()]);
        assert!(splitter.finish().is_ok() && out[1].json == long && out[0].spans == out[1].spans);
    }

    #[test]
    fn a_run_that_repeats_another_but_for_its_values_is_passed_over() {
        let nodes = |seed: u64| {
            let node = |id: u64| {
                format!(r#"{{"id":{id},"inputs":{{"text":"a [fox] in {{rain}}","links":[[{id},0],[1,2]]}}}}"#)
            };
            let nodes: Vec<_> = (0..300).map(node).collect();
            format!(r#"{{"seed":{seed},"nodes":[{}],"end":[{seed}]}}"#, nodes.join(","))
        };
        let runs: Vec<_> = (0..19).map(|digits| nodes(10_u64.pow(digits))).collect();
        let members: Vec<_> = runs.iter().map(|run| format!(r#""k":{run}"#)).collect();
        let (mut splitter, mut out) = (Splitter::new(Items::Members, 1 << 20), Vec::new());
        splitter.feed(format!("{{{}}}", members.join(",")).as_bytes(), &mut out).unwrap();
        assert_eq!(out.iter().map(|item| &item.json).collect::<Vec<_>>(), runs.iter().collect::<Vec<_>>());
        assert!(out.iter().all(|item| item.spans.0.len() == 2), "the whole and its nodes");
        assert_eq!(splitter.echo.known(), runs[0].as_bytes(), "the others had too little that was new to be learned");
    }

    proptest::proptest! {
        #[test]
        fn an_item_is_cut_the_same_whatever_item_came_before(
            parts in proptest::collection::vec(r#"(\{"a":|\[|\]|\}|"x[\]}]"|,|1|"\\""|:|"k"|NaN| |[0-9]{0,9})"#, 0..40),
            changes in proptest::collection::vec((0..40_usize, r#"([\[\]{}",:\\a ]{0,3}|"b\[")"#), 0..5),
            piece in 1_usize..50,
        ) {
            // The same with a few parts changed, as often as there are changes; and something long in between.
            let filling = format!(r#"{{"w":["{}",{{"c":[{}1]}}]}}"#, "[{".repeat(100), "1,".repeat(200));
            let mut parts = parts;
            parts.insert(parts.len() / 2, filling);
            let mut items = Vec::new();
            for (at, change) in [(0, String::new())].into_iter().chain(changes) {
                let at = at % parts.len();
                items.push(parts.concat());
                parts[at] = change;
            }
            for kind in [Items::Members, Items::Elements] {
                let (open, close) = if kind == Items::Members { ("{\"k\":", "}") } else { ("{\"k\":[", "]}") };
                let together = match kind {
                    Items::Members => format!("{{{}}}", items.iter().map(|item| format!("\"k\":{item}")).collect::<Vec<_>>().join(",")),
                    Items::Elements => format!("{open}{}{close}", items.join(",")),
                };
                // A splitter that remembers nothing.
                let mut plain = Splitter::new(kind, 100_000);
                let mut expected = Vec::new();
                let outcome = together.as_bytes().chunks(1).try_for_each(|byte| {
                    plain.echo.forget();
                    plain.feed(byte, &mut expected)
                });
                let (mut splitter, mut out) = (Splitter::new(kind, 100_000), Vec::new());
                let fed = together.as_bytes().chunks(piece).try_for_each(|piece| splitter.feed(piece, &mut out));
                proptest::prop_assert_eq!(fed.and_then(|()| splitter.finish()), outcome.and_then(|()| plain.finish()));
                proptest::prop_assert_eq!(out, expected);
            }
        }

        #[test]
        fn hostile_bytes_give_an_error_or_items_but_no_panic(text in r#"[\[\]{}",:\\a ]{0,60}"#, piece in 1_usize..9) {
            let _ = split(Items::Members, text.as_bytes(), piece);
            let _ = split(Items::Elements, text.as_bytes(), piece);
        }
    }
}
