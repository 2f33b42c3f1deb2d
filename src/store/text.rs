//! Texts as rows hold them.

/// The first characters of a text.
pub(super) fn beginning(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}
