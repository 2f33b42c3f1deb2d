//! The languages that the pages speak, and how a request says which one it wants.

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its BCP 47 tag, for `<html lang>` and cookies.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// What it calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// The language with that tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The first one of an `Accept-Language` header that we speak. Browsers send them in order of preference.
    pub fn accepted(header: &str) -> Option<Self> {
        let tags = header.split(',').map(|item| item.split_once(';').map_or(item, |(tag, _)| tag).trim());
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        tags.map(primary).find_map(|wanted| Self::ALL.into_iter().find(|language| primary(language.tag()) == wanted))
    }
}
