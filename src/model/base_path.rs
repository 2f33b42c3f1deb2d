//! The path below which everything is served, for those who share a host name with others.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longer ones help nobody, and stand in every address.
const MOST_BYTES: usize = 200;

/// Empty, or a path such as `/history`: begins with `/`, doesn't end with one, holds no character that needs escaping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(Arc<str>);

impl BasePath {
    /// The text, to stand in front of a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A path of ours as visitors know it. With one stroke at its front, whoever wrote it: browsers take two, or one and a
    /// backslash, for the name of another host.
    pub fn join(&self, path: &str) -> String {
        let rest = path.trim_start_matches(['/', '\\']);
        let stroke = if rest.len() == path.len() { "" } else { "/" };
        format!("{}{stroke}{rest}", self.0)
    }

    /// The base of what lies below a part of ours, which begins with `/` and needs no escaping.
    pub fn below(&self, part: &str) -> Self {
        Self(self.join(part).into())
    }

    /// The rest of a path that lies below; `/` for the base itself.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        match path.strip_prefix(&*self.0)? {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no base path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a path to stand below; use one such as /history, of letters, digits, '-', '_', '.' and '~' between the '/'"
)]
pub struct ParseBasePathError;

impl FromStr for BasePath {
    type Err = ParseBasePathError;

    /// A `/` at the end makes no difference.
    fn from_str(text: &str) -> Result<Self, ParseBasePathError> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() && !text.is_empty() {
            return Ok(Self::default());
        }
        let parts = path.strip_prefix('/').filter(|rest| rest.len() < MOST_BYTES).ok_or(ParseBasePathError)?;
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.~".contains(&c);
        // Browsers take dots as steps, and two strokes as another host.
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
        if !parts.split('/').all(is_part) {
            return Err(ParseBasePathError);
        }
        Ok(Self(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_plain_and_has_no_stroke_at_its_end() {
        for (text, path) in
            [("/history", "/history"), ("/history/", "/history"), ("/a/b-1.0~_", "/a/b-1.0~_"), ("/", "")]
        {
            assert_eq!(text.parse::<BasePath>().unwrap().as_str(), path);
        }
        for text in ["", "history", "//evil.example", "/a//b", "/..", "/a/./b", "/a b", "/ä", "/a?b", "/a%20b", "/a//"]
        {
            assert_eq!(text.parse::<BasePath>(), Err(ParseBasePathError), "{text}");
        }
        assert!(format!("/{}", "a".repeat(MOST_BYTES)).parse::<BasePath>().is_err());
    }

    #[test]
    fn what_lies_below_is_told_from_what_only_begins_alike() {
        let base: BasePath = "/history".parse().unwrap();
        for (path, rest) in [
            ("/history", Some("/")),
            ("/history/", Some("/")),
            ("/history/g/7", Some("/g/7")),
            ("/history//x", Some("//x")),
            ("/historyx", None),
            ("/", None),
            ("/g/7", None),
        ] {
            assert_eq!(base.strip(path), rest, "{path}");
        }
        assert_eq!(BasePath::default().strip("/g/7"), Some("/g/7"));
        assert_eq!(
            (base.join("/g/7"), BasePath::default().join("/g/7")),
            ("/history/g/7".to_owned(), "/g/7".to_owned())
        );
        for other in ["//evil.example/", "/\\evil.example/", "\\\\evil.example/", "///evil.example/"] {
            assert_eq!(BasePath::default().join(other), "/evil.example/");
        }
    }
}
