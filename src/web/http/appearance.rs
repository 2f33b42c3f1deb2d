//! Our pages inside ComfyUI's own page: the whole site once more, below `/panel/{theme}-{language}`. They are narrow, have the
//! looks of the page around them without asking a cookie, and are the only ones that may stand in a frame: of the ComfyUI
//! servers that we record, and of nobody else.

use super::language::Language;
use crate::model::BasePath;

const FOLDER: &str = "/panel/";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the viewer's system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word for it in forms, cookies and `<html data-theme>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::System => "theme-system",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }

    /// The theme of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word)
    }
}

/// How the page around ours looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    pub theme: Theme,
    pub language: Language,
}

impl Appearance {
    /// The appearance that a path names, and the path below it.
    pub fn strip(path: &str) -> Option<(Self, &str)> {
        let rest = path.strip_prefix(FOLDER)?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (name, below) = rest.split_at(end);
        let (theme, language) = name.split_once('-')?;
        let appearance = Self { theme: Theme::from_word(theme)?, language: Language::from_tag(language)? };
        Some((appearance, if below.is_empty() { "/" } else { below }))
    }

    /// What stands before the path of every address that leads on inside the frame.
    pub fn base(self, base: &BasePath) -> BasePath {
        base.below(&format!("{FOLDER}{}-{}", self.theme.as_str(), self.language.tag()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_look_and_goes_on_below_it() {
        let look = Appearance { theme: Theme::Dark, language: Language::Chinese };
        assert_eq!(Appearance::strip("/panel/dark-zh-CN/g/7"), Some((look, "/g/7")));
        assert_eq!(Appearance::strip("/panel/dark-zh-cn"), Some((look, "/")));
        assert_eq!(look.base(&"/history".parse().unwrap()).join("/g/7"), "/history/panel/dark-zh-CN/g/7");
        for other in ["/", "/panel", "/panel/", "/panel/dark", "/panel/pink-en/", "/panel/dark-xx/", "/panels/dark-en/"]
        {
            assert_eq!(Appearance::strip(other), None, "{other}");
        }
    }
}
