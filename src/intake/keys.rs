//! What the keys under which nodes give something say of it, in the words of many packs.

/// Whether a key or a name in an object says that a person is to read what it holds.
pub(super) fn is_read(key: &str) -> bool {
    const WORDS: [&str; 19] = [
        "text",
        "string",
        "str",
        "prompt",
        "positive",
        "negative",
        "caption",
        "description",
        "content",
        "message",
        "answer",
        "response",
        "markdown",
        "lyrics",
        "transcript",
        "tags",
        "value",
        "error",
        "info",
    ];
    has_one(key, &WORDS)
}

/// Whether a number or a flag under this key is what the node was to show.
pub(super) fn is_value(key: &str) -> bool {
    const WORDS: [&str; 19] = [
        "number",
        "int",
        "integer",
        "float",
        "bool",
        "boolean",
        "result",
        "output",
        "score",
        "count",
        "width",
        "height",
        "seed",
        "size",
        "length",
        "sum",
        "total",
        "ratio",
        "megapixels",
    ];
    is_read(key) || has_one(key, &WORDS)
}

/// Whether a name in an object says that it holds a file.
pub(super) fn is_of_files(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "file", "filename", "path", "filepath", "fullpath", "image", "video", "audio", "mesh", "model", "glb", "gif",
        "url", "preview",
    ];
    has_one(name, &WORDS)
}

/// Whether a name in an object holds a word for programs.
pub(super) fn is_for_machines(name: &str) -> bool {
    const WORDS: [&str; 12] =
        ["type", "id", "role", "format", "mime", "color", "colour", "class", "lang", "kind", "url", "uri"];
    words(name).any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a key has one of these words, of which it may hold several: `images`.
fn has_one(key: &str, of: &[&str]) -> bool {
    words(key).any(|word| of.contains(&word.as_str()) || of.contains(&word.trim_end_matches('s')))
}

/// The words of a key: of `promptText` and `file_path`.
fn words(key: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in key.chars() {
        let begins = !letter.is_alphanumeric() || letter.is_uppercase() && was_lower;
        if begins {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if letter.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_read_by_its_words_however_it_is_written() {
        for key in ["text", "Captions", "positive_prompt", "promptText", "ERROR"] {
            assert!(is_read(key), "{key}");
        }
        for key in ["context", "images", "", "_"] {
            assert!(!is_read(key), "{key}");
        }
        assert!(is_value("megapixels") && is_value("imageCounts") && !is_value("images"));
        assert!(is_of_files("inputImage") && is_of_files("file_paths") && !is_of_files("filed"));
        assert!(is_for_machines("class") && is_for_machines("mime_type") && !is_for_machines("classes"));
    }
}
