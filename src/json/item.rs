//! One item that was cut out of a JSON text.

/// One item, cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The key of the outer object that it stands under.
    pub key: String,
    pub json: String,
    /// Where its larger parts lie, so that whoever reads it need not look for their ends again.
    pub spans: Spans,
}

/// The larger objects and arrays of a text that are not deep inside it: where each starts and ends, by their start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(pub(super) Vec<(usize, usize)>);

impl Spans {
    /// Parts shorter than this are as fast to read as to look up.
    const SHORTEST: usize = 512;

    /// How deep parts are noted: a workflow lies five levels deep in its history entry.
    pub(super) const DEEPEST: usize = 8;

    /// Whether a part is noted, so deep in its item: the outermost is 1.
    pub(super) fn notes(start: usize, end: usize, depth: usize) -> bool {
        depth <= Self::DEEPEST && end - start >= Self::SHORTEST
    }

    /// The end of the part that starts there.
    pub(super) fn end(&self, start: usize) -> Option<usize> {
        let at = self.0.binary_search_by_key(&start, |(start, _)| *start).ok()?;
        Some(self.0[at].1)
    }
}
