//! Our pages inside ComfyUI's own page: the whole site once more, below `/panel/{theme}-{language}`. They are narrow, have the
//! looks of the page around them without asking a cookie, and are the only ones that may stand in a frame: of the ComfyUI
//! servers that we record, and of nobody else.

use crate::model::BasePath;
use crate::web::view::viewer::Theme;
use crate::web::view::words::Language;

const FOLDER: &str = "/panel/";

/// How the page around ours looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// What it speaks.
    pub language: Language,
}

/// What a page of ours in a frame knows of what is around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// The pages that it may stand in: origins, with blanks between them.
    pub frames: String,
    /// The address of the same page on its own.
    pub alone: String,
}

impl Look {
    /// The look that a path names, and the path below it.
    pub fn strip(path: &str) -> Option<(Self, &str)> {
        let rest = path.strip_prefix(FOLDER)?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (look, below) = rest.split_at(end);
        let (theme, language) = look.split_once('-')?;
        let look = Self { theme: Theme::from_word(theme)?, language: Language::from_tag(language)? };
        Some((look, if below.is_empty() { "/" } else { below }))
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
        let look = Look { theme: Theme::Dark, language: Language::Chinese };
        assert_eq!(Look::strip("/panel/dark-zh-CN/g/7"), Some((look, "/g/7")));
        assert_eq!(Look::strip("/panel/dark-zh-cn"), Some((look, "/")));
        assert_eq!(look.base(&"/history".parse().unwrap()).join("/g/7"), "/history/panel/dark-zh-CN/g/7");
        for other in ["/", "/panel", "/panel/", "/panel/dark", "/panel/pink-en/", "/panel/dark-xx/", "/panels/dark-en/"]
        {
            assert_eq!(Look::strip(other), None, "{other}");
        }
    }
}
