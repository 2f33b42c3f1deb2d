//! The search box: what was typed, what is wrong with it, and how to search, by example.

use crate::search::{self, Expected, Field};
use crate::web::query::ListQuery;
use crate::web::view::words::Catalogue;

/// The box allows more than any search can be: what is too long is answered by words, not by silence.
pub const MOST_CHARS: usize = 4_000;

/// Searches, and the key of what they find.
const EXAMPLES: [(&[&str], &str); 14] = [
    (&["fox snow"], "example-words"),
    (&["\"red fox\""], "example-phrase"),
    (&["fox -blurry"], "example-without"),
    (&["fox OR wolf"], "example-or"),
    (&["model:flux", "lora:detail"], "example-models"),
    (&["model:=\"flux1-dev.safetensors\""], "example-exact"),
    (&["sampler:euler", "steps:>20", "cfg:3..5"], "example-sampling"),
    (&["width:>=1024", "length:81"], "example-size"),
    (&["seed:156680208700286"], "example-seed"),
    (&["negative:watermark", "node:ControlNet", "workflow:portrait"], "example-texts"),
    (&["file:ComfyUI_00001", "error:memory"], "example-files"),
    (&["status:failed", "kind:video"], "example-state"),
    (&["is:temp", "has:error", "has:workflow"], "example-traits"),
    (&["today", "yesterday", "7d"], "example-days"),
];

/// The box and what belongs to it.
#[derive(Debug)]
pub struct Find {
    pub text: String,
    /// The list without a search.
    pub without: String,
    /// What is wrong with it.
    pub mistake: Option<SearchMistake>,
    /// Where words in it mean days: the search for the words themselves, and its list.
    pub worded: Option<(String, String)>,
    pub examples: Vec<SearchExample>,
}

/// What is wrong with a search.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchMistake {
    pub text: String,
    /// What was probably meant, and the list of that search.
    pub mended: Option<(String, String)>,
}

/// Searches of a sort.
#[derive(Debug)]
pub struct SearchExample {
    /// Each, and where it leads.
    pub links: Vec<(&'static str, String)>,
    /// The key of what they find.
    pub meaning: &'static str,
}

impl Find {
    /// The box of this query.
    pub fn new(query: &ListQuery, t: &Catalogue) -> Self {
        let text = query.given("q").unwrap_or_default().to_owned();
        let mistake = query.mistake.as_ref().map(|error| SearchMistake {
            text: told(error, t),
            mended: mended(error, &text).map(|mended| {
                let url = query.with(&[("q", &mended)]);
                (mended, url)
            }),
        });
        let worded = mistake.is_none().then(|| in_quotes(&text)).flatten().map(|worded| {
            let url = query.with(&[("q", &worded)]);
            (worded, url)
        });
        let example = |(searches, meaning): &(&'static [&'static str], &'static str)| SearchExample {
            links: searches.iter().map(|search| (*search, query.with(&[("q", search)]))).collect(),
            meaning,
        };
        let examples = EXAMPLES.iter().map(example).collect();
        Self { text, without: query.with(&[("q", "")]), mistake, worded, examples }
    }
}

fn told(error: &search::Error, t: &Catalogue) -> String {
    match error {
        search::Error::UnknownField { given, nearest } => {
            let told = t.with("mistake-field", "field", given);
            if nearest.is_some() { told } else { format!("{told} {}", t.say("mistake-quote")) }
        }
        search::Error::BadValue { field, given, expected, .. } => {
            let told = t.with_both("mistake-value", "field", field.key(), "value", given);
            format!("{told} {}", wanted(*expected, t))
        }
        search::Error::TooLong { most } => t.count("mistake-long", *most),
        search::Error::TooManyTerms { most } => t.count("mistake-many", *most),
        search::Error::TooDeep { most } => t.count("mistake-deep", *most),
    }
}

fn wanted(expected: Expected, t: &Catalogue) -> String {
    match expected {
        Expected::OneOf(words) => t.with("expected-one-of", "words", words.join(", ")),
        Expected::Number => t.say("expected-number").into_owned(),
        Expected::Duration => t.say("expected-duration").into_owned(),
        Expected::Seed => t.say("expected-seed").into_owned(),
        Expected::Date => t.say("expected-date").into_owned(),
        Expected::Moment => t.say("expected-moment").into_owned(),
        Expected::Words => t.say("expected-words").into_owned(),
    }
}

/// The search that was probably meant.
fn mended(error: &search::Error, text: &str) -> Option<String> {
    match error {
        search::Error::UnknownField { given, nearest } => {
            let start = place(text, &format!("{given}:"), 0)?;
            match nearest {
                Some(field) => Some(replaced(text, start, given.len(), field.key())),
                None => {
                    let rest = &text[start..];
                    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    let is_plain = !rest[..length].contains('"');
                    is_plain.then(|| replaced(text, start, length, &format!("\"{}\"", &rest[..length])))
                }
            }
        }
        search::Error::BadValue { field, given, nearest: Some(nearest), .. } => {
            let behind = place(text, &format!("{}:", field.key()), 0)? + field.key().len() + 1;
            let start = place(text, given, behind)?;
            Some(replaced(text, start, given.len(), nearest))
        }
        _ => None,
    }
}

/// The search with the words in quotes that mean days; `None` where there are none.
fn in_quotes(text: &str) -> Option<String> {
    let mut is_quoted = false;
    let mut is_changed = false;
    let words = text.split(' ').map(|word| {
        let term = word.trim_start_matches('-');
        let means_days = !is_quoted && search::is_day_word(term);
        is_quoted ^= word.matches('"').count() % 2 == 1;
        is_changed |= means_days;
        match means_days {
            true => format!("{}\"{term}\"", &word[..word.len() - term.len()]),
            false => word.to_owned(),
        }
    });
    let words: Vec<String> = words.collect();
    is_changed.then(|| words.join(" "))
}

/// Where the part begins in the text, from a byte on, whatever the case of its letters.
fn place(text: &str, part: &str, from: usize) -> Option<usize> {
    let places = text.get(from..)?.char_indices().map(|(at, _)| from + at);
    let is_here = |at: &usize| text.get(*at..*at + part.len()).is_some_and(|here| here.eq_ignore_ascii_case(part));
    places.into_iter().find(is_here)
}

fn replaced(text: &str, start: usize, length: usize, new: &str) -> String {
    format!("{}{new}{}", &text[..start], &text[start + length..])
}

/// The key of what a field is.
pub fn hint(field: Field) -> &'static str {
    match field {
        Field::Model => "field-model",
        Field::Lora => "field-lora",
        Field::Prompt => "field-prompt",
        Field::Negative => "field-negative",
        Field::Workflow => "field-workflow",
        Field::Node => "field-node",
        Field::Sampler => "field-sampler",
        Field::Scheduler => "field-scheduler",
        Field::Seed => "field-seed",
        Field::Steps => "field-steps",
        Field::Cfg => "field-cfg",
        Field::Guidance => "field-guidance",
        Field::Denoise => "field-denoise",
        Field::Width => "field-width",
        Field::Height => "field-height",
        Field::Length => "field-length",
        Field::Duration => "field-duration",
        Field::Status => "field-status",
        Field::Kind => "field-kind",
        Field::Error => "field-error",
        Field::File => "field-file",
        Field::Text => "field-text",
        Field::Instance => "field-instance",
        Field::Date => "field-date",
        Field::Before => "field-before",
        Field::After => "field-after",
        Field::Is => "field-is",
        Field::Has => "field-has",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::http::language::Language;

    #[test]
    fn a_word_that_means_days_is_offered_as_a_word() {
        for (text, worded) in [
            ("today", Some("\"today\"")),
            ("fox -Yesterday 7d", Some("fox -\"Yesterday\" \"7d\"")),
            ("\"today fox\" 30d", Some("\"today fox\" \"30d\"")),
            ("\"red today fox\"", None),
            ("date:today 3d", None),
            ("", None),
        ] {
            assert_eq!(in_quotes(text).as_deref(), worded, "{text}");
        }
    }

    #[test]
    fn a_mistyped_field_is_mended_in_its_place() {
        let unknown = |given: &str, nearest| search::Error::UnknownField { given: given.to_owned(), nearest };
        let mend = |given, nearest, text| mended(&unknown(given, nearest), text);
        assert_eq!(mend("modle", Some(Field::Model), "狐 -Modle:flux fox"), Some("狐 -model:flux fox".to_owned()));
        assert_eq!(mend("https", None, "a https://x b"), Some("a \"https://x\" b".to_owned()));
        assert_eq!(mend("https", None, "a https://\"x"), None);
        assert_eq!(mend("gone", Some(Field::Model), "nothing"), None);
    }

    #[test]
    fn a_mistyped_value_is_mended_behind_its_field() {
        let error = search::Error::BadValue {
            field: Field::Status,
            given: "faild".to_owned(),
            nearest: Some("failed"),
            expected: Expected::OneOf(&["failed"]),
        };
        assert_eq!(mended(&error, "faild status:faild"), Some("faild status:failed".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_said_in_every_language() {
        let error = search::Error::UnknownField { given: "modle".to_owned(), nearest: Some(Field::Model) };
        assert_eq!(told(&error, Catalogue::of(Language::English)), "There is no field “modle”.");
        assert_eq!(told(&error, Catalogue::of(Language::Chinese)), "没有名为“modle”的字段。");
    }

    #[test]
    fn every_example_is_a_search() {
        for (searches, _) in EXAMPLES {
            for search in searches {
                assert!(search::parse(search).is_ok(), "{search}");
            }
        }
    }
}
