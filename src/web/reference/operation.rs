//! What `/api/v1/openapi.json` says of each address, as rows of the page.

use std::sync::LazyLock;

use serde_json::Value;

use super::json::{entries, list, text};
use super::openapi;
use super::schema::{Kind, Object, objects};
use crate::web::view::words::prose::{Prose, prose};

/// A parameter that so many operations take is described once, for all of them.
const SHARED_BY: usize = 3;

/// All that the document describes.
#[derive(Debug)]
pub struct Reference {
    /// The operations, by tag, in the order of the document.
    pub groups: Vec<OperationGroup>,
    /// Parameters that many operations take.
    pub shared: Vec<Parameter>,
    pub objects: Vec<Object>,
}

/// Operations of one tag.
#[derive(Debug)]
pub struct OperationGroup {
    pub name: String,
    /// In the order of the document.
    pub operations: Vec<Operation>,
}

/// One address and method.
#[derive(Debug)]
pub struct Operation {
    /// The name of its place on the page.
    pub id: String,
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// What it does, in one line.
    pub summary: Prose,
    /// What else there is to know, a paragraph each.
    pub about: Vec<Prose>,
    /// Parameters of its own.
    pub parameters: Vec<Parameter>,
    /// Names of those that many take.
    pub shared: Vec<String>,
    /// What it answers when all is well.
    pub answers: Vec<Answer>,
    /// Statuses of its errors.
    pub errors: Vec<String>,
}

/// One thing that may be asked for.
#[derive(Debug)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// What it may be.
    pub kind: Kind,
    /// What holds where it isn't given.
    pub default: Option<String>,
    /// From the least to the most.
    pub range: Option<String>,
    pub about: Prose,
    /// One that makes sense.
    pub example: Option<String>,
}

/// One way in which an operation answers.
#[derive(Debug)]
pub struct Answer {
    pub status: String,
    /// The types of its body.
    pub types: Vec<String>,
    /// What its body holds, where that is described.
    pub kind: Option<Kind>,
    pub about: Prose,
}

impl OperationGroup {
    /// The key of what they are about.
    pub fn key(&self) -> &'static str {
        match self.name.as_str() {
            "generations" => "tag-generations",
            "files" => "tag-files",
            "search" => "tag-search",
            "server" => "tag-server",
            _ => "tag-other",
        }
    }
}

impl Operation {
    /// Its path, without what most of them begin with.
    pub fn short(&self) -> &str {
        self.path.strip_prefix("/api/v1").unwrap_or(&self.path)
    }
}

impl Reference {
    /// Read once: it is the same for everybody.
    pub fn get() -> &'static Self {
        static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
            // What is served as JSON is JSON.
            Reference::read(&serde_json::to_value(openapi::document("")).unwrap_or_default())
        });
        &REFERENCE
    }

    fn read(document: &Value) -> Self {
        let all: Vec<(&String, &String, &Value)> = entries(&document["paths"])
            .flat_map(|(path, methods)| entries(methods).map(move |(method, told)| (path, method, told)))
            .collect();
        let asked = || all.iter().flat_map(|(_, _, told)| list(&told["parameters"]));
        let is_shared = |it: &Value| it["in"] == "query" && asked().filter(|other| *other == it).count() >= SHARED_BY;
        let mut shared: Vec<&Value> = Vec::new();
        for parameter in asked().filter(|it| is_shared(it)) {
            if !shared.contains(&parameter) {
                shared.push(parameter);
            }
        }
        let groups = list(&document["tags"]).map(|tag| {
            let of_tag = all.iter().filter(|(_, _, told)| list(&told["tags"]).any(|name| *name == tag["name"]));
            let operations = of_tag.map(|(path, method, told)| operation(path, method, told, &shared));
            OperationGroup { name: text(&tag["name"]), operations: operations.collect() }
        });
        Self {
            groups: groups.collect(),
            shared: shared.iter().map(|it| parameter(it)).collect(),
            objects: objects(&document["components"]["schemas"]),
        }
    }
}

fn operation(path: &str, method: &str, told: &Value, shared: &[&Value]) -> Operation {
    let (many, own): (Vec<_>, Vec<_>) = list(&told["parameters"]).partition(|it| shared.contains(it));
    let (fine, errors): (Vec<_>, Vec<_>) = entries(&told["responses"]).partition(|(status, _)| status.starts_with('2'));
    let about = text(&told["description"]);
    Operation {
        id: anchor(method, path),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: prose(&text(&told["summary"])),
        about: about.split("\n\n").filter(|part| !part.is_empty()).map(prose).collect(),
        parameters: own.into_iter().map(parameter).collect(),
        shared: many.into_iter().map(|it| text(&it["name"])).collect(),
        answers: fine.into_iter().map(|(status, told)| answer(status, told)).collect(),
        errors: errors.into_iter().map(|(status, _)| status.clone()).collect(),
    }
}

/// `get-api-v1-generations-id`.
fn anchor(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("-")
}

fn parameter(told: &Value) -> Parameter {
    let schema = &told["schema"];
    let [least, most] = [&schema["minimum"], &schema["maximum"]].map(shown);
    Parameter {
        name: text(&told["name"]),
        place: text(&told["in"]),
        kind: Kind::of(schema),
        default: shown(&schema["default"]),
        range: least.zip(most).map(|(least, most)| format!("{least}–{most}")),
        about: prose(&text(&told["description"])),
        example: shown(&told["example"]),
    }
}

fn answer(status: &str, told: &Value) -> Answer {
    let kind = entries(&told["content"]).map(|(_, body)| Kind::of(&body["schema"])).find(|kind| kind.link.is_some());
    Answer {
        status: status.to_owned(),
        types: entries(&told["content"]).map(|(name, _)| name.clone()).collect(),
        kind,
        about: prose(&text(&told["description"])),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_of_the_document_is_there_once() {
        let document = serde_json::to_value(openapi::document("")).unwrap();
        let described: Vec<(String, String)> = entries(&document["paths"])
            .flat_map(|(path, methods)| entries(methods).map(|(method, _)| (method.to_uppercase(), path.clone())))
            .collect();
        let operations = || Reference::get().groups.iter().flat_map(|group| &group.operations);
        let shown: BTreeSet<_> = operations().map(|it| (it.method.clone(), it.path.clone())).collect();
        assert!(described.len() >= 19, "{described:?}");
        assert_eq!(shown, described.into_iter().collect());
        let ids: BTreeSet<_> = operations().map(|it| &it.id).collect();
        assert_eq!((ids.len(), operations().count()), (shown.len(), shown.len()));
        for group in &Reference::get().groups {
            assert_ne!(group.key(), "tag-other", "{} has no words of its own", group.name);
        }
        for operation in operations() {
            assert!(!operation.summary.is_empty() && !operation.answers.is_empty(), "{}", operation.path);
        }
    }

    #[test]
    fn what_narrows_every_list_is_described_once() {
        let reference = Reference::get();
        let names: Vec<_> = reference.shared.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["q", "status", "kind", "instance", "date", "tz", "from", "to", "prompt_id"]);
        let find = |path: &str| {
            reference.groups.iter().flat_map(|group| &group.operations).find(|it| it.path == path).unwrap()
        };
        let list = find("/api/v1/generations");
        assert_eq!(list.shared, names);
        let limit = &list.parameters[0];
        assert_eq!((limit.name.as_str(), limit.kind.name.as_str()), ("limit", "integer"));
        assert_eq!((limit.default.as_deref(), limit.range.as_deref()), (Some("50"), Some("1–200")));
        assert_eq!(list.answers[0].kind.as_ref().unwrap().link.as_deref(), Some("List"));
        assert_eq!(find("/api/v1/generations/{id}").parameters[0].place, "path");
    }
}
