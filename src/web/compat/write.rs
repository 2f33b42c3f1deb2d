//! JSON as Python writes it, around texts that stay as they came: a blank behind each comma and colon.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::json::{members, to_strict};

/// An object that grows.
#[derive(Debug)]
pub struct ObjectWriter(String);

impl ObjectWriter {
    pub fn new() -> Self {
        Self::behind(String::new())
    }

    /// An empty one behind a text.
    pub fn behind(mut text: String) -> Self {
        text.push('{');
        Self(text)
    }

    /// A member whose value is yet to be written, as JSON.
    pub fn member(&mut self, key: &str) -> &mut String {
        if !self.0.ends_with('{') {
            self.0.push_str(", ");
        }
        self.0.push_str(&quoted(key));
        self.0.push_str(": ");
        &mut self.0
    }

    /// A member whose value is JSON.
    pub fn json(&mut self, key: &str, json: &str) -> &mut Self {
        self.member(key).push_str(json);
        self
    }

    /// A member whose value is a text.
    pub fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.json(key, &quoted(text))
    }

    /// A member, where there is a value.
    pub fn json_if(&mut self, key: &str, json: Option<&str>) -> &mut Self {
        match json {
            Some(json) => self.json(key, json),
            None => self,
        }
    }

    /// The whole, with the text before it.
    pub fn finish(&mut self) -> String {
        self.0.push('}');
        std::mem::take(&mut self.0)
    }
}

/// A text as a JSON string, in ASCII as Python writes it.
pub fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    if json.is_ascii() {
        return json;
    }
    let mut ascii = String::with_capacity(json.len() * 2);
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

/// A kept text that every reader of JSON takes: Python's bare words are null, and what is no JSON at all is a string.
pub fn strict(json: &str) -> Cow<'_, str> {
    // Bare words are rare: they are looked for in what isn't JSON only.
    if is_json(json) {
        return Cow::Borrowed(json);
    }
    let strict = to_strict(json);
    if is_json(&strict) { strict } else { quoted(json).into() }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// ComfyUI's queue number: a whole one without a point.
pub fn number(number: Option<f64>) -> String {
    /// The largest whole number that is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number {
        #[allow(clippy::cast_possible_truncation, reason = "whole and small enough")]
        Some(number) if number.fract() == 0.0 && number.abs() <= EXACT => (number as i64).to_string(),
        Some(number) => serde_json::Value::from(number).to_string(),
        None => "null".to_owned(),
    }
}

/// One member of an object; of a key that comes twice the last, as JSON readers do.
pub fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object).filter(|(name, _)| name == key).map(|(_, value)| value).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_looks_as_python_writes_it() {
        let object = ObjectWriter::new().text("a\"", "é\n狐🦊").json("n", "[1, 2]").json_if("x", None).finish();
        assert_eq!(object, "{\"a\\\"\": \"\\u00e9\\n\\u72d0\\ud83e\\udd8a\", \"n\": [1, 2]}");
        assert_eq!(ObjectWriter::new().finish(), "{}");
    }

    #[test]
    fn a_queue_number_is_whole_unless_it_has_a_fraction() {
        for (value, json) in
            [(Some(3.0), "3"), (Some(-24.5), "-24.5"), (Some(-0.0), "0"), (Some(1e300), "1e+300"), (None, "null")]
        {
            assert_eq!(number(value), json);
        }
    }

    #[test]
    fn what_is_no_json_becomes_a_string() {
        assert_eq!(strict(r#"{"a": NaN}"#), r#"{"a": null}"#);
        assert_eq!(strict("{\"a\": "), r#""{\"a\": ""#);
        assert_eq!(strict(r#"{"a": "\ud800"}"#), r#"{"a": "\ud800"}"#, "Python's lone surrogates stay");
    }
}
