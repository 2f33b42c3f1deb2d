//! Every word that people read on a page, in their language. The catalogue is `templates/words/LANGUAGE.ftl` (Project
//! Fluent); templates and handlers know only the keys. Tests hold that every key is in every language and is used.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::model::{AttachmentState, MediaKind, Status, StatusReason};
use crate::web::http::language::Language;

/// Stands for a value while a message is cut around it; no message holds it.
const GAP: &str = "\u{fffc}";

/// Keys of the words that scripts show begin so.
const SCRIPT: &str = "js-";

fn catalogue(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../../templates/words/en.ftl"),
        Language::Chinese => include_str!("../../../templates/words/zh-CN.ftl"),
    }
}

/// The words of one language.
pub struct Catalogue {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    script_keys: Vec<&'static str>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Catalogue").field(&self.language).finish()
    }
}

impl Catalogue {
    /// Those of that language.
    pub fn of(language: Language) -> &'static Self {
        static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(Language::English));
        static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(Language::Chinese));
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    fn new(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Values are isolated by `<bdi>` in the templates, where that is needed.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => Some(grouped(&number.as_string())),
            _ => None,
        }));
        // A test holds that the catalogue has no mistakes.
        let resource = FluentResource::try_new(catalogue(language).to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
        let keys = catalogue(language).lines().filter_map(|line| line.split_once(" = ").map(|(key, _)| key));
        Self { language, bundle, script_keys: keys.filter(|key| key.starts_with(SCRIPT)).collect() }
    }

    /// Which language it is.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The words of a key. The key itself where the catalogue lacks it.
    pub fn say(&self, key: &str) -> Cow<'_, str> {
        self.fill(key, None)
    }

    /// The words of a key with one value.
    pub fn with(&self, key: &str, name: &'static str, value: impl Display) -> String {
        self.fill(key, Some(&FluentArgs::from_iter([(name, value.to_string())]))).into_owned()
    }

    /// The words of a key with two values.
    pub fn with_both(
        &self,
        key: &str,
        first: &'static str,
        value: impl Display,
        second: &'static str,
        other: impl Display,
    ) -> String {
        let args = FluentArgs::from_iter([(first, value.to_string()), (second, other.to_string())]);
        self.fill(key, Some(&args)).into_owned()
    }

    /// The words of a key for a number, `$n`.
    pub fn count(&self, key: &str, n: impl TryInto<i64>) -> String {
        let n = n.try_into().unwrap_or(i64::MAX);
        self.fill(key, Some(&FluentArgs::from_iter([("n", n)]))).into_owned()
    }

    /// The words of a key, cut where the value stands: for a template that puts a tag around it.
    pub fn around(&self, key: &str, name: &'static str) -> (String, String) {
        let text = self.with(key, name, GAP);
        match text.split_once(GAP) {
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (text, String::new()),
        }
    }

    /// A number with its thousands set apart.
    pub fn number(&self, number: impl Display) -> String {
        grouped(&number.to_string())
    }

    /// What scripts say: key and words, with `{n}` and `{name}` where they put a value.
    pub fn of_scripts(&self) -> Vec<(&'static str, String)> {
        let args = || FluentArgs::from_iter([("n", "{n}"), ("name", "{name}")]);
        let words = |key: &&'static str| (&key[SCRIPT.len()..], self.fill(key, Some(&args())).into_owned());
        self.script_keys.iter().map(words).collect()
    }

    fn fill(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'_, str> {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = self.language.tag(), "a word is missing in the catalogue");
            return Cow::Owned(key.to_owned());
        };
        Cow::Owned(self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned())
    }

    /// A status, on a badge.
    pub fn status(&self, status: Status) -> Cow<'_, str> {
        self.say(match status {
            Status::Pending => "status-pending",
            Status::InProgress => "status-in-progress",
            Status::Completed => "status-completed",
            Status::Failed => "status-failed",
            Status::Cancelled => "status-cancelled",
            Status::Lost => "status-lost",
        })
    }

    /// Why a run has no result, where that needs to be said.
    pub fn why(&self, status: Status, reason: Option<StatusReason>) -> Option<Cow<'_, str>> {
        let key = match (status, reason) {
            (_, Some(StatusReason::Interrupted)) => "why-interrupted",
            (_, Some(StatusReason::Dequeued)) => "why-dequeued",
            (_, Some(StatusReason::ComfyuiRestarted)) => "why-comfyui-restarted",
            (_, Some(StatusReason::HistoryDeleted)) => "why-history-deleted",
            (Status::Lost, None) => "why-lost",
            (Status::Pending, None) => "why-pending",
            (Status::InProgress, None) => "why-in-progress",
            (Status::Completed | Status::Failed | Status::Cancelled, None) => return None,
        };
        Some(self.say(key))
    }

    /// Where files stand of which nothing is here.
    pub fn files_state(&self, state: AttachmentState) -> Cow<'_, str> {
        self.say(match state {
            AttachmentState::Pending => "files-pending",
            AttachmentState::Stored => "files-stored",
            AttachmentState::Missing => "files-missing",
        })
    }

    /// A kind of file.
    pub fn kind(&self, kind: MediaKind) -> Cow<'_, str> {
        self.say(match kind {
            MediaKind::Image => "kind-image",
            MediaKind::Video => "kind-video",
            MediaKind::Audio => "kind-audio",
            MediaKind::Text => "kind-text",
            MediaKind::Model3d => "kind-model3d",
            MediaKind::Other => "kind-other",
        })
    }
}

/// `1,234,567`: English and Chinese write numbers alike.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let mut grouped = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub mod prose;
mod troubles;

#[cfg(test)]
mod tests;
