//! What the kept documents say about a run, for its page and its JSON. They come from outside: whatever isn't shaped as
//! ComfyUI shapes it is passed over, and what is kept stays byte for byte.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::json::{elements, members, to_strict, unquote};

/// A document that everybody can parse: Python's bare words are null. One that isn't JSON at all becomes a JSON string,
/// so that nothing is lost and nothing breaks.
pub fn strict(json: &str) -> Result<Cow<'_, RawValue>, serde_json::Error> {
    // Bare words are rare: they are looked for in what isn't JSON only.
    if let Ok(raw) = serde_json::from_str(json) {
        return Ok(Cow::Borrowed(raw));
    }
    RawValue::from_string(to_strict(json).into_owned()).or_else(|_| to_raw_value(json)).map(Cow::Owned)
}

/// The nodes of a prompt by their ids.
#[derive(Debug, Default)]
pub struct Nodes(HashMap<String, NodeSummary>);

/// What a prompt says of a node, beside its inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSummary {
    /// `class_type`.
    pub kind: Option<String>,
    /// `_meta.title`: what its owner called it.
    pub title: Option<String>,
}

impl Nodes {
    /// Reads the prompt document.
    pub fn read(prompt: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            class_type: Option<&'a RawValue>,
            #[serde(borrow, rename = "_meta")]
            meta: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Meta<'a> {
            #[serde(borrow)]
            title: Option<&'a RawValue>,
        }
        let node = |raw: &RawValue| {
            let wire: Wire<'_> = parse(raw)?;
            let title = wire.meta.and_then(parse::<Meta<'_>>).and_then(|meta| meta.title).and_then(parse);
            Some(NodeSummary { kind: wire.class_type.and_then(parse), title })
        };
        let nodes: HashMap<String, &RawValue> = parse(prompt).unwrap_or_default();
        Self(nodes.into_iter().filter_map(|(id, raw)| Some((id, node(raw)?))).collect())
    }

    /// The node of that id; an empty one when the prompt has none.
    pub fn get(&self, id: Option<&str>) -> Cow<'_, NodeSummary> {
        id.and_then(|id| self.0.get(id)).map_or_else(Cow::default, Cow::Borrowed)
    }
}

/// What the result document tells of a run's course. Each is a JSON array, or absent.
#[derive(Debug, Default)]
pub struct Course<'a> {
    /// `status.messages`.
    pub messages: Option<&'a RawValue>,
    /// The nodes of its `execution_cached`.
    pub cached_nodes: Option<&'a RawValue>,
    /// The lines of its `execution_error`.
    pub traceback: Option<&'a RawValue>,
    /// What the node that failed was given: an object.
    pub current_inputs: Option<&'a RawValue>,
}

impl<'a> Course<'a> {
    /// Reads the result document.
    pub fn read(result: &'a RawValue) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            status: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Status<'a> {
            #[serde(borrow)]
            messages: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Details<'a> {
            #[serde(borrow)]
            nodes: Option<&'a RawValue>,
            #[serde(borrow)]
            traceback: Option<&'a RawValue>,
            #[serde(borrow)]
            current_inputs: Option<&'a RawValue>,
        }
        let status = parse::<Wire<'_>>(result).and_then(|wire| wire.status).and_then(parse::<Status<'_>>);
        let messages = status.and_then(|status| status.messages).filter(is_array);
        let mut course = Self { messages, ..Self::default() };
        for message in messages.and_then(parse::<Vec<&RawValue>>).unwrap_or_default() {
            let Some((event, details)) = parse::<(Cow<'_, str>, &RawValue)>(message) else { continue };
            let Some(details) = parse::<Details<'_>>(details) else { continue };
            match &*event {
                "execution_cached" => course.cached_nodes = details.nodes.filter(is_array),
                "execution_error" => {
                    course.traceback = details.traceback.filter(is_array);
                    course.current_inputs = details.current_inputs;
                }
                _ => {}
            }
        }
        course
    }
}

/// The texts of a JSON array; what isn't a text is left out.
pub fn texts(array: Option<&RawValue>) -> Vec<String> {
    let items: Vec<&RawValue> = array.and_then(parse).unwrap_or_default();
    items.into_iter().filter_map(parse).collect()
}

/// What a node was given, each value as text: ComfyUI wraps every value into an array. At most `most` of them, each of at
/// most `longest` bytes.
pub fn given(inputs: Option<&RawValue>, most: usize, longest: usize) -> Vec<(String, String)> {
    let json = inputs.map_or("", RawValue::get);
    let text = |value: &str| {
        let text = unquote(value).unwrap_or(Cow::Borrowed(value));
        let end = text.floor_char_boundary(longest);
        if end < text.len() { format!("{}…", &text[..end]) } else { text.into_owned() }
    };
    let value = |json: &str| {
        let mut items = elements(json);
        match (items.next(), items.next()) {
            (Some(only), None) => text(only),
            _ => text(json),
        }
    };
    members(json).take(most).map(|(name, json)| (text_of_name(&name), value(json))).collect()
}

fn text_of_name(name: &str) -> String {
    name.chars().take(200).collect()
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn is_array(raw: &&RawValue) -> bool {
    raw.get().starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Cow<'_, RawValue> {
        strict(json).unwrap()
    }

    #[test]
    fn a_node_is_named_by_the_prompt() {
        let nodes = Nodes::read(&raw(
            r#"{"9":{"inputs":{"seed":NaN},"class_type":"SaveImage","_meta":{"title":"保存"}},"8":{"class_type":7},"7":[]}"#,
        ));
        let node = nodes.get(Some("9")).into_owned();
        assert_eq!((node.kind.as_deref(), node.title.as_deref()), (Some("SaveImage"), Some("保存")));
        for id in [Some("8"), Some("7"), Some("1"), None] {
            assert_eq!(*nodes.get(id), NodeSummary::default());
        }
        assert!(Nodes::read(&raw("[NaN]")).get(Some("9")).kind.is_none());
    }

    #[test]
    fn the_course_of_a_failed_run_is_read() {
        let result = raw(r#"{"outputs":{},"status":{"messages":[["execution_start",{"timestamp":1}],
               ["execution_cached",{"nodes":["4","5"]}],null,["odd"],
               ["execution_error",{"traceback":["a\n","b\n"],"current_inputs":{"x":[NaN]}}]]}}"#);
        let course = Course::read(&result);
        assert_eq!(texts(course.cached_nodes), ["4", "5"]);
        assert_eq!(texts(course.traceback), ["a\n", "b\n"]);
        assert!(course.messages.unwrap().get().contains("\"x\":[null]"));
        assert_eq!(given(course.current_inputs, 9, 9), [("x".to_owned(), "null".to_owned())]);
    }

    #[test]
    fn what_a_node_was_given_is_unwrapped_and_cut() {
        let inputs = raw(r#"{"seed":[156680208700286],"text":["a \"b\""],"pair":[1,2],"long":["ééééé"],"none":[]}"#);
        let pairs = given(Some(&inputs), 4, 8).into_iter().map(|(name, value)| format!("{name}={value}"));
        assert_eq!(pairs.collect::<Vec<_>>(), ["seed=15668020…", "text=a \"b\"", "pair=[1,2]", "long=éééé…"]);
        assert!(given(None, 9, 9).is_empty());
    }

    #[test]
    fn a_result_of_another_shape_tells_nothing() {
        for json in ["null", "7", "{}", r#"{"status":null}"#, r#"{"status":{"messages":{}}}"#, "not json"] {
            let result = raw(json);
            let course = Course::read(&result);
            assert!(course.messages.is_none() && course.traceback.is_none(), "{json}");
        }
        assert!(texts(None).is_empty());
    }

    #[test]
    fn a_text_that_is_no_json_becomes_a_json_text() {
        assert_eq!(raw("{\"a\":").get(), r#""{\"a\":""#);
        assert_eq!(raw("[NaN]").get(), "[null]");
    }
}
