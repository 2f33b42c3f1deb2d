//! A value that a graph says plainly.

use std::borrow::Cow;

use super::number::without_noise;
use crate::json::{members, unquote};

/// A text longer than this isn't one that somebody wrote.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// A value that the graph says plainly.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum KnownValue<'a> {
    Text(Cow<'a, str>),
    /// A number, as it was written or worked out.
    Number(Cow<'a, str>),
    Flag(bool),
}

impl<'a> KnownValue<'a> {
    /// Its text; a number in the place of a text is a value that slipped.
    pub fn text(self) -> Option<Cow<'a, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number for arithmetic; a flag counts as 0 or 1.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.parse().ok().filter(|float: &f64| float.is_finite()),
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Self::Text(_) => None,
        }
    }

    /// As Python's `bool` has it.
    pub fn is_true(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Number(_) => self.float().map(|float| float != 0.0),
            Self::Text(text) => match &*text.to_ascii_lowercase() {
                "true" | "yes" | "on" | "enable" | "enabled" => Some(true),
                "false" | "no" | "off" | "disable" | "disabled" => Some(false),
                _ => None,
            },
        }
    }

    /// A number that was worked out.
    pub fn of(float: f64) -> Option<Self> {
        let text = if float.fract() == 0.0 { format!("{float:.0}") } else { without_noise(&float.to_string()) };
        float.is_finite().then_some(Self::Number(Cow::Owned(text)))
    }
}

/// A literal as it is written. Some widgets write `{"content": …}`.
pub(super) fn literal(json: &str) -> Option<KnownValue<'_>> {
    match json.as_bytes().first()? {
        b'"' => unquote(json).filter(|text| text.len() <= MOST_BYTES).map(KnownValue::Text),
        b'-' | b'0'..=b'9' => json.parse::<f64>().ok().map(|_| KnownValue::Number(Cow::Borrowed(json))),
        b'{' => {
            members(json).find(|(name, _)| name == "content").and_then(|(_, text)| unquote(text)).map(KnownValue::Text)
        }
        _ => match json {
            "true" | "True" => Some(KnownValue::Flag(true)),
            "false" | "False" => Some(KnownValue::Flag(false)),
            _ => None,
        },
    }
}
