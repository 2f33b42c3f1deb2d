//! `GET /api/v1/suggest`: how a search may go on while it is being typed. Fields come first, then what is known.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::search_box::hint;
use crate::facts::short_name;
use crate::model::{Counted, List, MediaKind, Status};
use crate::search::{Completing, Field, What, completing, exact};
use crate::store::History;
use crate::web::http::answer::json;
use crate::web::http::described::Refused;
use crate::web::http::problem::Problem;
use crate::web::query::error::{BadValue, Error as BadQuery};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// Fields that are offered before anything is typed.
const MOST_FIELDS: usize = 10;
/// Values of the field at hand.
const MOST_VALUES: usize = 12;
/// Words of prompts, and values of other fields that begin so.
const MOST_WORDS: usize = 6;
/// A search longer than this isn't looked at.
const MOST_BYTES: usize = 16 * 1024;

const NAMES: [&str; 2] = ["q", "cursor"];

/// One way to go on.
#[derive(Debug, Serialize, ToSchema)]
struct Suggestion {
    /// The whole new search.
    text: String,
    /// Where its cursor is then, in characters.
    cursor: usize,
    /// What it adds, for people.
    label: String,
    /// `field`, `fixed`, `value` or `word`.
    kind: &'static str,
    /// How many runs there are, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// What it is, in the language of the one who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Suggestions)]
struct Answer {
    suggestions: Vec<Suggestion>,
}

/// A search that is being typed.
struct Typed {
    text: String,
    completing: Completing,
}

/// How a search may go on while it is being typed.
#[utoipa::path(
    get, path = "/api/v1/suggest", tag = "search",
    params(
        ("q" = Option<String>, Query, description = "What was typed so far", example = "model:dre"),
        ("cursor" = Option<u32>, Query, description = "Where the cursor stands, in characters; at the end unless told")
    ),
    responses((status = 200, body = Answer), Refused)
)]
pub async fn suggest(
    State(history): State<History>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let typed = Typed::read(&query.unwrap_or_default())?;
    let suggestions = match &typed.completing.what {
        What::Word { word } => typed.beginnings(&history, word, viewer.words).await?,
        What::Value { field, folded, .. } => typed.values(&history, *field, folded, viewer.words).await?,
    };
    Ok(json(serde_json::to_vec(&Answer { suggestions })?))
}

impl Typed {
    fn read(query: &str) -> Result<Self, BadQuery> {
        let (mut text, mut cursor) = (String::new(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => text = value.into_owned(),
                "cursor" => {
                    let bad = |_| BadQuery::Value {
                        name: "cursor",
                        value: value.clone().into_owned(),
                        source: BadValue::Place,
                    };
                    cursor = Some(value.parse::<usize>().map_err(bad)?);
                }
                _ => return Err(BadQuery::Unknown { name: name.into_owned(), known: NAMES.to_vec() }),
            }
        }
        text.truncate(text.floor_char_boundary(MOST_BYTES));
        let place = cursor.and_then(|cursor| text.char_indices().nth(cursor)).map_or(text.len(), |(at, _)| at);
        Ok(Self { completing: completing(&text, place), text })
    }

    /// Fields, then words of prompts and names that begin so.
    async fn beginnings(&self, history: &History, word: &str, t: &Catalogue) -> Result<Vec<Suggestion>, Problem> {
        let fields = self.completing.what.fields().take(MOST_FIELDS);
        let mut all: Vec<Suggestion> = fields.map(|field| self.field(field, t)).collect();
        // One letter is the beginning of everything; one character of Chinese says something.
        if word.len() < 2 {
            return Ok(all);
        }
        let of = async |field: Field| match field.values() {
            Some(list) => history.suggest(list, word, MOST_WORDS / 2).await,
            None => Ok(Vec::new()),
        };
        let words = history.suggest(List::PromptWords, word, MOST_WORDS);
        let (models, loras, workflows, words) =
            tokio::try_join!(of(Field::Model), of(Field::Lora), of(Field::Workflow), words)?;
        for (field, values) in [(Field::Model, models), (Field::Lora, loras), (Field::Workflow, workflows)] {
            let Some(list) = field.values() else { continue };
            for value in values {
                let label = short_name(&value.text).to_owned();
                all.push(Suggestion {
                    hint: Some(t.say(hint(field)).into_owned()),
                    ..self.suggestion(&exact(list, &value.text), label, "value", Some(value.runs))
                });
            }
        }
        for Counted { text, runs } in words {
            all.push(self.suggestion(&self.completing.written(&text), text.clone(), "word", Some(runs)));
        }
        Ok(all)
    }

    /// What a field may hold: the words of a list that never changes, else what runs have.
    async fn values(
        &self,
        history: &History,
        field: Field,
        folded: &str,
        t: &Catalogue,
    ) -> Result<Vec<Suggestion>, Problem> {
        let written = |value: &str| self.completing.written(value);
        let fixed = self.completing.what.choices().map(|choice| Suggestion {
            hint: meaning(choice, t),
            ..self.suggestion(&written(choice), choice.to_owned(), "fixed", None)
        });
        let mut all: Vec<Suggestion> = fixed.collect();
        if let Some(list) = field.values() {
            for Counted { text, runs } in history.suggest(list, folded, MOST_VALUES).await? {
                let name = if matches!(field, Field::Model | Field::Lora) { short_name(&text) } else { &text };
                all.push(self.suggestion(&written(&text), name.to_owned(), "value", Some(runs)));
            }
        } else if let Some(list) = field.words().filter(|_| !folded.is_empty()) {
            for Counted { text, runs } in history.suggest(list, folded, MOST_VALUES).await? {
                all.push(self.suggestion(&written(&text), text.clone(), "word", Some(runs)));
            }
        }
        Ok(all)
    }

    /// A field, whose value comes next.
    fn field(&self, field: Field, t: &Catalogue) -> Suggestion {
        let name = format!("{}:", field.key());
        let (text, cursor) = self.put(&name, "");
        Suggestion {
            text,
            cursor,
            label: name,
            kind: "field",
            count: None,
            hint: Some(t.say(hint(field)).into_owned()),
        }
    }

    /// A term that is whole: another may follow.
    fn suggestion(&self, term: &str, label: String, kind: &'static str, count: Option<u64>) -> Suggestion {
        let (text, cursor) = self.put(term, " ");
        Suggestion { text, cursor, label, kind, count, hint: None }
    }

    /// The search with a term in place of what is being typed, and the place behind it.
    fn put(&self, term: &str, gap: &str) -> (String, usize) {
        let range = self.completing.range.clone();
        let before = self.text.get(..range.start).unwrap_or_default();
        let behind = self.text.get(range.end..).unwrap_or_default();
        let gap = if behind.starts_with([' ', ')']) { "" } else { gap };
        let start = format!("{before}{term}{gap}");
        let cursor = start.chars().count();
        (start + behind, cursor)
    }
}

/// What a fixed word says, where it doesn't say it itself.
fn meaning(choice: &str, t: &Catalogue) -> Option<String> {
    let key = match choice {
        "today" => "value-today",
        "yesterday" => "value-yesterday",
        "temp" => "value-temp",
        "error" => "value-error",
        "workflow" => "value-workflow",
        "lora" => "value-lora",
        "negative" => "value-negative",
        "input" => "value-input",
        "file" => "value-file",
        "preview" => "value-preview",
        "3d" => return Some(t.kind(MediaKind::Model3d).into_owned()),
        _ => {
            let days = choice.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
            let status = || choice.parse::<Status>().ok().map(|status| t.status(status).into_owned());
            let kind = || choice.parse::<MediaKind>().ok().map(|kind| t.kind(kind).into_owned());
            return days.map(|days| t.count("last-days", days)).or_else(status).or_else(kind);
        }
    };
    Some(t.say(key).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::http::language::Language;

    #[test]
    fn a_term_comes_in_place_of_what_is_being_typed() {
        let typed = |text: &str, range| Typed {
            text: text.to_owned(),
            completing: Completing { range, is_excluded: false, what: What::Word { word: String::new() } },
        };
        assert_eq!(typed("狐 mo", 4..6).put("model:", ""), ("狐 model:".to_owned(), 8));
        assert_eq!(typed("mo fox", 0..2).put("model:=\"a\"", " "), ("model:=\"a\" fox".to_owned(), 10));
        assert_eq!(typed("", 0..0).put("fox", " "), ("fox ".to_owned(), 4));
        assert_eq!(typed("(fo)", 1..3).put("fox", " "), ("(fox)".to_owned(), 4));
    }

    #[test]
    fn every_fixed_word_says_what_it_means() {
        let t = Catalogue::of(Language::English);
        for field in Field::ALL {
            for choice in field.choices() {
                assert!(meaning(choice, t).is_some(), "{field}:{choice}");
            }
        }
    }

    #[test]
    fn a_cursor_counts_characters() {
        assert!(Typed::read("q=%E7%8B%90&cursor=1").is_ok());
        assert!(Typed::read("q=fox&cursor=99").is_ok());
        assert!(matches!(Typed::read("q=fox&cursor=-1"), Err(BadQuery::Value { name: "cursor", .. })));
        assert!(matches!(Typed::read("query=fox"), Err(BadQuery::Unknown { .. })));
    }
}
