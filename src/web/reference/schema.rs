//! What bodies hold, in the notation of those who read such pages: `string`, `Cover | null`, `Item[]`.

use serde_json::Value;

use super::json::{entries, list, text};
use crate::web::view::words::prose::{Prose, prose};

/// What a value may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    pub prefix: String,
    /// The name of a type, or of an object.
    pub name: String,
    /// The object of that name.
    pub link: Option<String>,
    pub suffix: String,
}

/// One sort of object, or of word.
#[derive(Debug)]
pub struct Object {
    /// Its name in the document.
    pub name: String,
    pub about: Prose,
    pub keys: Vec<Key>,
    /// Where it is one of some words: these.
    pub words: Vec<String>,
    /// Where it is no object, but one of some types: these.
    pub choice: Option<Kind>,
}

/// One key of an object.
#[derive(Debug)]
pub struct Key {
    pub name: String,
    pub kind: Kind,
    pub about: Prose,
}

impl Kind {
    /// What a schema allows.
    pub fn of(schema: &Value) -> Self {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return Self { name: name.to_owned(), link: Some(name.to_owned()), ..Self::default() };
        }
        let choices: Vec<&Value> = list(&schema["oneOf"]).chain(list(&schema["anyOf"])).collect();
        if !choices.is_empty() {
            return Self::one_of(&choices);
        }
        let types: Vec<&str> = list(&schema["type"]).chain([&schema["type"]]).filter_map(Value::as_str).collect();
        let plain = types.iter().find(|name| **name != "null").copied();
        let kind = match plain {
            Some("array") => {
                let item = Self::of(&schema["items"]);
                Self { suffix: format!("{}[]", item.suffix), ..item }
            }
            Some("object") if schema["additionalProperties"].is_object() => {
                let value = Self::of(&schema["additionalProperties"]);
                Self { prefix: format!("{{string: {}", value.prefix), suffix: format!("{}}}", value.suffix), ..value }
            }
            Some("string") => Self::named(schema["format"].as_str().unwrap_or("string")),
            Some(name) => Self::named(name),
            None => Self::named("any"),
        };
        if types.contains(&"null") { kind.or_null() } else { kind }
    }

    fn one_of(choices: &[&Value]) -> Self {
        let is_null = |choice: &&&Value| choice["type"] == "null";
        let mut others: Vec<Self> = choices.iter().filter(|it| !is_null(it)).map(|it| Self::of(it)).collect();
        let kind = match others.len() {
            1 => others.remove(0),
            _ => Self::named(&others.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>().join(" | ")),
        };
        if choices.iter().any(|it| is_null(&it)) { kind.or_null() } else { kind }
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn or_null(self) -> Self {
        Self { suffix: format!("{} | null", self.suffix), ..self }
    }
}

/// Every object of the document that answers are made of.
pub fn objects(schemas: &Value) -> Vec<Object> {
    let objects = entries(schemas).map(|(name, schema)| Object {
        name: name.clone(),
        about: prose(&text(&schema["description"])),
        keys: keys(schemas, schema),
        words: list(&schema["enum"]).map(text).collect(),
        choice: schema["oneOf"].is_array().then(|| Kind::of(schema)),
    });
    objects.filter(|it| !it.keys.is_empty() || !it.words.is_empty() || it.choice.is_some()).collect()
}

/// Its own keys, after those of the objects that it goes on from.
fn keys(schemas: &Value, schema: &Value) -> Vec<Key> {
    let mut all = Vec::new();
    for part in list(&schema["allOf"]) {
        let named = part["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        all.extend(keys(schemas, named.map_or(part, |name| &schemas[name])));
    }
    all.extend(entries(&schema["properties"]).map(|(name, schema)| {
        let kind = Kind::of(schema);
        let inner = list(&schema["oneOf"]).map(|choice| &choice["description"]);
        // Who says nothing of its own is what it is made of.
        let named = kind.link.as_ref().map(|link| &schemas[link]["description"]);
        let told = std::iter::once(&schema["description"]).chain(inner).chain(named).find_map(Value::as_str);
        Key { name: name.clone(), kind, about: prose(told.unwrap_or_default()) }
    }));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: &Value) -> String {
        let Kind { prefix, name, suffix, .. } = Kind::of(schema);
        format!("{prefix}{name}{suffix}")
    }

    #[test]
    fn types_are_said_as_programmers_say_them() {
        for (schema, expected) in [
            (json!({"type": "string"}), "string"),
            (json!({"type": ["string", "null"], "format": "date-time"}), "date-time | null"),
            (json!({"type": "array", "items": {"$ref": "#/components/schemas/Item"}}), "Item[]"),
            (json!({"oneOf": [{"$ref": "#/components/schemas/Cover"}, {"type": "null"}]}), "Cover | null"),
            (json!({"oneOf": [{"type": "number"}, {"type": "string"}]}), "number | string"),
            (json!({"type": "object", "additionalProperties": {"type": "integer"}}), "{string: integer}"),
            (json!({"description": "whatever it was"}), "any"),
        ] {
            assert_eq!(said(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn an_object_has_the_keys_that_it_takes_over() {
        let id = json!({"type": "integer", "description": "Ours."});
        let error = json!({"oneOf": [{"$ref": "#/x/E", "description": "Why."}, {"type": "null"}]});
        let own = json!({"type": "object", "properties": {"error": error, "head": {"$ref": "#/x/Head"}}});
        let schemas = json!({
            "Head": {"type": "object", "description": "What it begins with.", "properties": {"id": id}},
            "Item": {"allOf": [{"$ref": "#/x/Head"}, own]},
            "NumberOrText": {"oneOf": [{"type": "number"}, {"type": "string"}]},
            "Anything": {},
        });
        let objects = objects(&schemas);
        let names: Vec<_> = objects.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names, ["Head", "Item", "NumberOrText"]);
        assert_eq!(objects[2].choice.as_ref().unwrap().name, "number | string");
        let keys: Vec<_> = objects[1].keys.iter().map(|key| (key.name.as_str(), key.about[0].text.as_str())).collect();
        assert_eq!(keys, [("id", "Ours."), ("error", "Why."), ("head", "What it begins with.")]);
    }
}
