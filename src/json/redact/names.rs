//! Names that secrets are kept under: what nodes, headers, environments and addresses call them.
//!
//! A name is taken apart into words, so `secret_key`, `SecretKey`, `SECRET-KEY2` and `Secret key` are one. Whether a
//! word is a secret's depends on the word before it: `api_key` and `sort_key`, `hf_token` and `trigger_token`. Where a
//! name alone doesn't tell, what stands under it does.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind};

use super::looks;
use super::words::{
    CHOICES, FOREIGN, HEADS, HONEST_KEYS, HONEST_TAILS, HONEST_TOKENS, OWNERS, OWNERS_OF_PASS, PAIRS, ROOTS, SECRET,
    SPELLED, TAILS,
};

/// The longest name that is looked at.
pub(super) const LONGEST: usize = 100;

/// Names that a person may add.
const MOST_ADDED: usize = 1000;

/// What a name tells of the value under it. The later, the more likely it is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// It stays, whatever it is: a person said so.
    Spared,
    Nothing,
    /// It is a secret if it looks random: `key`, `style_token`, `session_id`.
    Doubt,
    /// It is one unless it is a plain word: `auth`, which may say `basic`.
    Likely,
    Secret,
}

impl Telling {
    /// Whether `text`, under such a name, is a secret.
    pub(super) fn hides(self, text: &str) -> bool {
        match self {
            Self::Spared | Self::Nothing => false,
            _ if text.trim().is_empty() || CHOICES.iter().any(|choice| text.trim().eq_ignore_ascii_case(choice)) => {
                false
            }
            Self::Doubt => looks::is_random(text),
            Self::Likely => !looks::is_wordy(text),
            Self::Secret => true,
        }
    }

    /// The same for a number, as it is written. Small ones count something, whatever they are called.
    pub(super) fn hides_number(self, number: &str) -> bool {
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        self == Self::Secret && digits >= 4 && number.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The names of secrets, with those that a person added and took away. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Made when it is first needed: a start doesn't wait for it.
    hints: Arc<OnceLock<AhoCorasick>>,
    added: BTreeSet<String>,
    spared: BTreeSet<String>,
}

static USUAL: LazyLock<Names> = LazyLock::new(Names::default);

/// Whether a value under this name is a secret whatever it is: `api_key`, `openaiApiKey`, `client-secret`, `password2`;
/// but not `max_tokens` or `sort_key`.
pub fn is_secret_name(name: &str) -> bool {
    USUAL.telling(name) >= Telling::Likely
}

impl Names {
    /// Those that are known, with more of them and without some. However they are written: case, and what stands
    /// between words, don't count.
    pub fn new(added: &[String], spared: &[String]) -> Self {
        let plain = |names: &[String]| names.iter().map(|name| plain(name)).filter(|name| !name.is_empty()).collect();
        Self { hints: Arc::default(), added: plain(added), spared: plain(spared) }
    }

    /// What a text must hold for any name or shape of a secret to be in it.
    pub(super) fn hints(&self) -> &AhoCorasick {
        self.hints.get_or_init(|| {
            let theirs = self.added.iter().filter_map(|name| name.split('_').max_by_key(|word| word.len()));
            let theirs = theirs.filter(|word| word.len() <= LONGEST).take(MOST_ADDED);
            let foreign = FOREIGN.iter().copied().chain(theirs);
            let foreign = foreign.flat_map(|word| [word.to_owned(), escaped(word, "\\"), escaped(word, "\\\\")]);
            // Every byte of every run passes here: the fastest kind is worth its table of some hundred kilobytes.
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(true)
                .build(judged().map(str::to_owned).chain(foreign).chain(OFF.map(str::to_owned)))
                .expect("some hundred short patterns always build")
        })
    }

    /// What a name tells of what stands under it.
    pub(super) fn telling(&self, name: &str) -> Telling {
        let is_short = name.len() <= 24 && matches!(name.as_bytes(), [.., b'a' | b's' | b'A' | b'S', b'k' | b'K']);
        let is_hinted = || is_short || self.hints().is_match(name);
        if name.len() > LONGEST || (self.spared.is_empty() && !is_hinted()) {
            return Telling::Nothing;
        }
        if !(self.added.is_empty() && self.spared.is_empty()) {
            let plain = plain(name);
            if self.spared.contains(&plain) {
                return Telling::Spared;
            }
            if self.added.contains(&plain) {
                return Telling::Secret;
            }
        }
        of_foreign(name).unwrap_or_else(|| of_words(&words(name)))
    }

    /// Whether there is a name or a shape of a secret at a hint, as far as a few letters around it tell. Where they don't,
    /// there may be.
    pub(super) fn may_be_at(&self, text: &str, hint: &Match) -> bool {
        if hint.pattern().as_usize() >= *JUDGED {
            return true;
        }
        let name = name_around(text, hint.range());
        self.telling(text[name].trim_start_matches('-')) > Telling::Nothing
            || looks::shape(text, hint.start()).is_some()
    }
}

/// The word around a hint, as names are written; too long to be one where it is longer.
pub(super) fn name_around(text: &str, hint: Range<usize>) -> Range<usize> {
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let length = |chars: &mut dyn Iterator<Item = char>| chars.take(LONGEST).take_while(fits).map(char::len_utf8).sum();
    let before: usize = length(&mut text[..hint.start].chars().rev());
    let behind: usize = length(&mut text[hint.end..].chars());
    let mut start = hint.start - before;
    // An escape's letter is no part of the name behind it.
    if before > 0 && text[..start].ends_with('\\') {
        let length = if text[start..].starts_with('u') { 5 } else { 1 };
        start = text.ceil_char_boundary(start + length.min(before));
    }
    start..hint.end + behind
}

/// How an editor's workflow says that a node is switched off: what it holds has no name anywhere else.
const OFF: [&str; 4] = [r#""mode":2"#, r#""mode": 2"#, r#""mode":4"#, r#""mode": 4"#];

/// The hints that can be judged by the word around them: those of our own names, in letters of ASCII.
fn judged() -> impl Iterator<Item = &'static str> {
    ROOTS.iter().chain(&SPELLED).chain(&looks::HINTS).copied().chain(looks::marks())
}

static JUDGED: LazyLock<usize> = LazyLock::new(|| judged().count());

/// A name without what stands between its words.
fn plain(name: &str) -> String {
    unstripped(name).join("_")
}

/// As Python writes a word in JSON, or in JSON within a string of JSON.
fn escaped(word: &str, backslash: &str) -> String {
    word.encode_utf16().map(|unit| format!("{backslash}u{unit:04x}")).collect()
}

/// A word that isn't English. What counts them is behind them: 最大令牌数 is a number of tokens.
fn of_foreign(name: &str) -> Option<Telling> {
    let name = name.to_lowercase();
    let (at, word) = FOREIGN.iter().filter_map(|word| Some((name.rfind(word)?, *word))).max()?;
    let rest = &name[at + word.len()..];
    let counts = ["数", "數", "长度", "長", "限制", "上限", "个", "수", "길이"].iter().any(|word| rest.contains(word));
    Some(if counts { Telling::Doubt } else { Telling::Secret })
}

fn of_words(words: &[String]) -> Telling {
    if ["apikey", "apikeys"].iter().any(|end| words.concat().ends_with(end)) {
        return Telling::Secret;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some(at) = words.windows(2).position(|pair| PAIRS.contains(&(pair[0], pair[1]))) {
        let tells_of_it = words[at + 2..].iter().any(|word| HONEST_TAILS.contains(word)) || HEADS.contains(&words[0]);
        return if tells_of_it { Telling::Doubt } else { Telling::Secret };
    }
    let end = words.iter().rposition(|word| !TAILS.contains(word)).map_or(0, |last| last + 1);
    let Some((last, before)) = words[..end].split_last() else { return Telling::Nothing };
    let owner = before.last().copied();
    let is_asked = before.first().is_some_and(|first| HEADS.contains(first));
    let last_telling = if is_asked { of_last(last, owner).min(Telling::Doubt) } else { of_last(last, owner) };
    if last_telling > Telling::Nothing || before.is_empty() {
        return last_telling;
    }
    let roots =
        ["token", "secret", "password", "credential", "credentials", "cookie", "auth", "webhook", "session", "apikey"];
    let is_about_one = HONEST_TAILS.iter().all(|tail| tail != last) && before.iter().any(|word| roots.contains(word));
    if is_about_one && !matches!(owner, Some("token")) { Telling::Doubt } else { last_telling }
}

/// What the last word tells; `owner`: the one before it.
fn of_last(last: &str, owner: Option<&str>) -> Telling {
    if SECRET.contains(&last)
        || ["password", "passwd", "secret", "webhook", "cookie"].iter().any(|end| last.ends_with(end))
    {
        return Telling::Secret;
    }
    let owned = |honest: &[&str], bare: Telling| match owner {
        None => bare,
        Some(owner) if OWNERS.contains(&owner) => Telling::Secret,
        Some(owner) if honest.contains(&owner) => Telling::Nothing,
        Some(_) => Telling::Doubt,
    };
    match last {
        "key" | "keys" => owned(&HONEST_KEYS, Telling::Doubt),
        "token" => owned(&HONEST_TOKENS, Telling::Secret),
        "tokens" => owned(&HONEST_TOKENS, Telling::Doubt),
        // As some services call the two halves of a key.
        "ak" | "sk" if owner.is_none_or(|owner| OWNERS.contains(&owner)) => Telling::Secret,
        "pass" => match owner {
            Some(owner) if OWNERS_OF_PASS.contains(&owner) => Telling::Secret,
            Some(_) => Telling::Nothing,
            None => Telling::Doubt,
        },
        "auth" | "authentication" | "oauth" => Telling::Likely,
        "session" | "sessionid" | "signature" | "sig" | "sign" | "hmac" | "licence" | "license" => Telling::Doubt,
        "id" if owner == Some("session") => Telling::Doubt,
        "url" if owner == Some("callback") => Telling::Doubt,
        _ => {
            let owner = ["keys", "key", "tokens", "token"].iter().find_map(|end| last.strip_suffix(end));
            let is_of = |owner: &str| OWNERS.contains(&owner) || owner.ends_with("api");
            if owner.is_some_and(is_of) { Telling::Secret } else { Telling::Nothing }
        }
    }
}

/// The words of a name, in lower case, without the number behind it.
fn words(name: &str) -> Vec<String> {
    let mut words = unstripped(name);
    while let Some(last) = words.last_mut() {
        let length = last.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        last.truncate(length);
        if !last.is_empty() && last != "v" {
            break;
        }
        words.pop();
    }
    words
}

/// The words of a name, in lower case.
fn unstripped(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let is_next_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = before.is_some_and(|before| {
            c.is_uppercase() && (!before.is_uppercase() || is_next_lower) || before.is_ascii() != c.is_ascii()
        });
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.retain(|word| !word.is_empty());
    words
}
