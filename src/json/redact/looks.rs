//! What secrets look like, whatever name they stand under: random, or as the services that hand them out write them.

use std::ops::Range;

use base64::Engine as _;

use super::words::REDACTED;

/// The longest secret that is looked for elsewhere, and that can look random. Longer ones are certificates and pictures.
const LONGEST: usize = 4096;

/// A value under a secret's name is looked for elsewhere from this length on.
const SHORTEST_SOUGHT: usize = 16;

/// From this length on a value can look random by itself.
const SHORTEST_RANDOM: usize = 12;

/// How far the secret part of an address is followed.
const LONGEST_USER: usize = 300;

/// What a text holds if it holds any of the shapes below.
pub(super) const HINTS: [&str; 8] =
    ["://", ":aa", "-----begin", "basic ", "eyj", "/webhooks/", "/services/t", "/hook/"];

/// The letters of what stands behind the mark of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Plain,
    Capitals,
    /// Letters, digits, `-` and `_`.
    Any,
}

/// How the keys of services begin, and how many letters follow at least.
#[rustfmt::skip]
const MARKS: [(&str, usize, Letters); 45] = [
    ("sk-", 16, Letters::Any), ("sk_", 24, Letters::Plain), ("sk_live_", 10, Letters::Any), ("sk_test_", 10, Letters::Any),
    ("rk_live_", 10, Letters::Any), ("hf_", 16, Letters::Plain), ("ghp_", 16, Letters::Plain), ("gho_", 16, Letters::Plain),
    ("ghu_", 16, Letters::Plain), ("ghs_", 16, Letters::Plain), ("ghr_", 16, Letters::Plain), ("github_pat_", 16, Letters::Any),
    ("glpat-", 16, Letters::Any), ("AKIA", 16, Letters::Capitals), ("ASIA", 16, Letters::Capitals), ("AIza", 30, Letters::Any),
    ("xoxb-", 10, Letters::Any), ("xoxp-", 10, Letters::Any), ("xoxa-", 10, Letters::Any), ("xoxr-", 10, Letters::Any),
    ("xoxs-", 10, Letters::Any), ("xapp-", 10, Letters::Any), ("r8_", 20, Letters::Plain), ("gsk_", 16, Letters::Plain),
    ("npm_", 20, Letters::Plain), ("pypi-", 20, Letters::Any), ("nvapi-", 20, Letters::Any), ("xai-", 20, Letters::Plain),
    ("pplx-", 20, Letters::Plain), ("tvly-", 16, Letters::Any), ("LTAI", 12, Letters::Plain), ("AKID", 16, Letters::Plain),
    ("AKLT", 16, Letters::Plain), ("ya29.", 16, Letters::Any), ("tsk_", 16, Letters::Any), ("msy_", 16, Letters::Plain),
    ("rpa_", 16, Letters::Plain), ("pcsk_", 16, Letters::Any), ("shpat_", 16, Letters::Plain), ("dop_v1_", 16, Letters::Plain),
    ("lsv2_", 16, Letters::Any), ("tgp_v1_", 16, Letters::Any), ("comfyui-", 32, Letters::Plain), ("secret_", 32, Letters::Plain),
    ("whsec_", 20, Letters::Plain),
];

/// The marks alone, for whoever looks for them.
pub(super) fn marks() -> impl Iterator<Item = &'static str> {
    MARKS.iter().map(|(mark, ..)| *mark)
}

/// Whether a text is one word that nobody would make up: letters and digits in no order, an id, hex.
pub(super) fn is_random(text: &str) -> bool {
    if !(SHORTEST_RANDOM..=LONGEST).contains(&text.len()) || text.chars().any(char::is_whitespace) {
        return false;
    }
    if text.contains("://") {
        let mut parts = text.split(['/', '?', '&', '=', '#', '@']).skip(3);
        return parts.any(is_random) || !shapes(text).is_empty();
    }
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_hex && has_digit && has_letter && text.len() >= 24 {
        return true;
    }
    let (odd, letters) = oddness(text);
    odd >= 2 && odd * 8 >= letters
}

/// How often letters, digits and capitals change where they don't in words and numbers; and of how many.
/// `sd_xl_1024` and `ComfyUI2` have order, `q7Gx2LmP` has none.
fn oddness(text: &str) -> (usize, usize) {
    let (mut odd, mut letters) = (0, 0);
    for part in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        letters += part.len();
        let mut runs = 1_usize;
        let mut harsh = 0_usize;
        for pair in part.as_bytes().windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let is_capitalized = a.is_ascii_uppercase() && b.is_ascii_lowercase();
            let changes = a.is_ascii_digit() != b.is_ascii_digit()
                || (a.is_ascii_alphabetic()
                    && b.is_ascii_alphabetic()
                    && a.is_ascii_uppercase() != b.is_ascii_uppercase());
            runs += usize::from(changes && !is_capitalized);
        }
        let is_harsh = |byte: u8| byte.is_ascii_alphabetic() && !b"aeiouyAEIOUY".contains(&byte);
        let mut length = 0_usize;
        for byte in part.bytes() {
            length = if is_harsh(byte) { length + 1 } else { 0 };
            harsh += usize::from(length >= 6);
        }
        odd += runs.saturating_sub(2) + harsh;
    }
    (odd, letters)
}

/// Whether a text begins as the keys of a service do. `sk-THIS-IS-A-KEY` is one where a key is expected.
fn is_marked(text: &str) -> bool {
    let is_one_word = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_one_word && text.len() >= SHORTEST_RANDOM && marks().any(|mark| text.starts_with(mark))
}

/// Whether a text is made of letters alone, as words are.
pub(super) fn is_wordy(text: &str) -> bool {
    text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '_' | '.' | ','))
}

/// Whether a word holds a letter and a digit, or looks random: more than a word of a sentence.
pub(super) fn is_odd(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    (text.len() >= 6 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)) || is_random(text)
}

/// Whether a value that stands under a secret's name is looked for elsewhere: only if nobody says it by chance.
pub(super) fn is_worth_seeking(text: &str) -> bool {
    if text.len() > LONGEST || text.contains(REDACTED) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_mixed = text.len() >= SHORTEST_SOUGHT && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    (is_mixed && !text.contains("://")) || is_random(text) || is_marked(text)
}

/// Every shape in a text. For tests whether there is any; [`shape`] is for those who know where.
fn shapes(text: &str) -> Vec<Range<usize>> {
    let is_start = |at: &usize| text.is_char_boundary(*at);
    (0..text.len()).filter(is_start).filter_map(|at| shape(text, at)).collect()
}

/// What is to be replaced of the shape that a hint at `at` belongs to.
pub(super) fn shape(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let bytes = rest.as_bytes();
    match bytes.first()? {
        b':' if rest.starts_with("://") => user(text, at + 3),
        b':' => telegram(text, at),
        b'-' => pem(rest).map(|length| at..at + length),
        b'e' if rest.starts_with("eyJ") && is_start(text, at) => web_token(rest).map(|length| at..at + length),
        b'B' | b'b' if is_start(text, at) => bearer(text, at),
        b'/' => hook(text, at),
        _ => mark(text, at),
    }
}

fn is_start(text: &str, at: usize) -> bool {
    let before = text[..at].bytes().next_back();
    before.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) || byte >= 0x80)
        || is_escape(text.as_bytes(), at)
}

/// Whether the letter before `at` is the `n` of `\n`.
pub(super) fn is_escape(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at - 2] == b'\\' && bytes[at - 1].is_ascii_lowercase()
}

fn mark(text: &str, at: usize) -> Option<Range<usize>> {
    if !is_start(text, at) {
        return None;
    }
    let rest = &text[at..];
    let key = MARKS.iter().find_map(|(mark, least, letters)| {
        let tail = rest.strip_prefix(mark)?;
        let fits = |byte: u8| match letters {
            Letters::Plain => byte.is_ascii_alphanumeric(),
            Letters::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Letters::Any => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        };
        let length = tail.bytes().take_while(|byte| fits(*byte)).count();
        (length >= *least && is_key(&tail[..length])).then_some(mark.len() + length)
    });
    key.map(|length| at..at + length)
}

/// Whether what stands behind a mark is a key and no word: `sk-toon-style-v2` is none.
fn is_key(tail: &str) -> bool {
    let part = |part: &str| {
        let has = |is: fn(&u8) -> bool| part.as_bytes().iter().any(is);
        part.len() >= 8 && (has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)))
    };
    tail.split(['-', '_']).any(part) || is_random(tail) || (tail.len() >= 30 && !tail.contains(['-', '_']))
}

/// `eyJ….….…`
fn web_token(rest: &str) -> Option<usize> {
    let length =
        |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    let head = length(rest);
    let body = rest[head..].strip_prefix('.').map_or(0, length);
    if head < 10 || body < 6 {
        return None;
    }
    let end = head + 1 + body;
    Some(rest[end..].strip_prefix('.').map_or(end, |tail| end + 1 + length(tail)))
}

/// `Bearer …`, `Basic …`: what follows, if it is no word.
fn bearer(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let scheme = ["bearer ", "basic "]
        .into_iter()
        .find(|word| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))?;
    let tail = rest[scheme.len()..].trim_start_matches(' ');
    let start = text.len() - tail.len();
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b);
    let token = &tail[..tail.bytes().take_while(|b| fits(b)).count()];
    let is_secret = match scheme {
        "basic " => base64::prelude::BASE64_STANDARD.decode(token).is_ok_and(|told| {
            told.len() >= 3 && told.contains(&b':') && told.iter().all(|byte| (0x20..0x7f).contains(byte))
        }),
        _ => {
            let is_header = text[..at].trim_end().is_empty() || text[..at].trim_end().ends_with([':', '=', '"', '\'']);
            token.len() >= 8 && (is_random(token) || (is_header && is_odd(token)) || token.len() >= 20)
        }
    };
    is_secret.then(|| start..start + token.len())
}

/// The part of an address before its host: `user:password@`, or a token alone.
fn user(text: &str, start: usize) -> Option<Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '\\' | '`');
    let rest = &text[start..];
    let window = &rest[..rest.floor_char_boundary(LONGEST_USER)];
    let authority = &window[..window.find(is_end).unwrap_or(window.len())];
    let user = &authority[..authority.rfind('@')?];
    let is_secret = user != REDACTED && (user.contains(':') || is_random(user));
    is_secret.then(|| start..start + user.len())
}

/// A bot's token: `123456789:AA…`; `at` is the colon.
fn telegram(text: &str, at: usize) -> Option<Range<usize>> {
    let digits = text[..at].bytes().rev().take(13).take_while(u8::is_ascii_digit).count();
    let tail = text[at + 1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    ((6..=12).contains(&digits) && tail >= 30).then(|| at - digits..at + 1 + tail)
}

/// A private key in letters, to its end.
fn pem(rest: &str) -> Option<usize> {
    let head = rest.strip_prefix("-----BEGIN ")?;
    let label = &head[..head.get(..60).unwrap_or(head).find("-----")?];
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let end = format!("-----END {label}-----");
    Some(rest.find(&end).map_or(rest.len(), |at| at + end.len()))
}

/// Addresses that let in whoever knows them: of Discord, Slack, Feishu.
fn hook(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let head = ["/webhooks/", "/services/", "/hook/"].into_iter().find(|head| rest.starts_with(head))?;
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
    let tail = &rest[head.len()..];
    let tail = &tail[..tail.bytes().take(LONGEST_USER).take_while(|b| fits(b)).count()];
    let start = at + head.len();
    (tail.len() >= 16 && tail.split('/').any(is_random)).then(|| start..start + tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_would_make_up_is_told_from_words_and_numbers() {
        for text in [
            "q7Gx2LmP9vTz4WkB",
            "550e8400-e29b-41d4-a716-446655440000",
            "9f86d081884c7d659a2feaa0c55ad015",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
            "s3cr3t-V4lu3-0042",
            "hunter2hunter2",
            "https://example.org/hooks/q7Gx2LmP9vTz4WkB",
        ] {
            assert!(is_random(text), "{text}");
        }
        for text in [
            "ohwx_person_v2",
            "sd_xl_base_1.0_0.9vae.safetensors",
            "ComfyUI_00001_",
            "a photo of a fox",
            "model.diffusion_model.input_blocks.1",
            "masterpiece",
            "1024x1024",
            "2026-11-30T01:02:03",
            "dpmpp_2m_sde_gpu",
            "https://example.org/v2/images",
            "shot_001",
            "comfyui-workflow-outputs",
            "/home/ada/models/loras/style-v12.safetensors",
        ] {
            assert!(!is_random(text), "{text}");
        }
    }
}
