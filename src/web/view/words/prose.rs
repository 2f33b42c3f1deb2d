//! A text of the catalogue in parts: what stands between backticks is code.

/// A text, part by part.
pub type Prose = Vec<TextPart>;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPart {
    pub text: String,
    /// Whether that is for a machine.
    pub is_code: bool,
}

/// The parts of a text.
pub fn prose(text: &str) -> Prose {
    let parts =
        text.split('`').enumerate().map(|(place, part)| TextPart { text: part.to_owned(), is_code: place % 2 == 1 });
    parts.filter(|part| !part.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let parts = prose("`a` is <b>, `c`");
        let parts: Vec<_> = parts.iter().map(|part| (part.text.as_str(), part.is_code)).collect();
        assert_eq!(parts, [("a", true), (" is <b>, ", false), ("c", true)]);
    }
}
