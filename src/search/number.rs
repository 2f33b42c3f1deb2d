//! Numbers of the grammar: `20`, `>20`, `20..30`, and durations.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NumberRange {
    Is(f64),
    Over(f64),
    AtLeast(f64),
    Under(f64),
    AtMost(f64),
    /// Both included, the smaller first.
    Between(f64, f64),
}

/// As many digits as ComfyUI's own numbers may have behind the point before they are noise of its arithmetic.
const DIGITS: f64 = 1e6;

/// Larger numbers are none that anyone sets, and have no exact neighbours.
const MOST: f64 = 1e15;

/// A number as it is compared: without the noise behind its sixth digit.
pub(super) fn rounded(number: f64) -> f64 {
    // `+ 0.0`: there is no negative zero.
    if number.abs() < 1e9 { (number * DIGITS).round() / DIGITS + 0.0 } else { number }
}

impl NumberRange {
    /// Reads it; `one` reads a number.
    fn read(text: &str, one: impl Fn(&str) -> Option<f64>) -> Option<Self> {
        let text = text.trim();
        for (sign, span) in SIGNS {
            if let Some(number) = text.strip_prefix(sign) {
                return Some(span(one(number.trim())?));
            }
        }
        let Some((from, to)) = text.split_once("..").or_else(|| text.split_once('…')) else {
            return Some(Self::Is(one(text)?));
        };
        Some(match (from.trim(), to.trim_matches(['.', ' '])) {
            ("", to) => Self::AtMost(one(to)?),
            (from, "") => Self::AtLeast(one(from)?),
            (from, to) => {
                let (from, to) = (one(from)?, one(to)?);
                Self::Between(from.min(to), from.max(to))
            }
        })
    }

    pub fn of_numbers(text: &str) -> Option<Self> {
        Self::read(text, number)
    }

    /// Of seconds, `2m`, `1h30m`.
    pub fn of_durations(text: &str) -> Option<Self> {
        Self::read(text, seconds)
    }
}

/// A sign, and what it makes of the number behind it.
type Sign = (&'static str, fn(f64) -> NumberRange);

/// The longer ones first.
const SIGNS: [Sign; 6] = [
    (">=", NumberRange::AtLeast),
    ("<=", NumberRange::AtMost),
    ("≥", NumberRange::AtLeast),
    ("≤", NumberRange::AtMost),
    (">", NumberRange::Over),
    ("<", NumberRange::Under),
];

/// Whether this is only the beginning of a number: a sign.
pub(super) fn is_sign(text: &str) -> bool {
    SIGNS.iter().any(|(sign, _)| *sign == text)
}

/// A number as people write it: digits with at most one point or comma. Nothing that only programs write, like `1e5` or
/// `inf`.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    let number: f64 = text.replace(',', ".").parse().ok().filter(|_| is_plain)?;
    (number.abs() < MOST).then(|| rounded(number))
}

fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let number = number(rest[..digits].trim())?;
        let behind = &rest[digits..];
        let letters = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        sum += number
            * match &behind[..letters].to_ascii_lowercase()[..] {
                "ms" => 0.001,
                "" | "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = behind[letters..].trim();
    }
    (!text.is_empty() && sum.abs() < MOST).then(|| rounded(sum))
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(number) => write!(f, "{number}"),
            Self::Over(number) => write!(f, ">{number}"),
            Self::AtLeast(number) => write!(f, ">={number}"),
            Self::Under(number) => write!(f, "<{number}"),
            Self::AtMost(number) => write!(f, "<={number}"),
            Self::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}
