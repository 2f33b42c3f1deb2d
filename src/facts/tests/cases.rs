//! Graphs from people's reports, each with the right answers in it (`tests/fixtures/facts`).

use std::fs;

use serde_json::{Value, json};

use super::super::*;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/facts");

#[test]
fn what_people_reported_is_read_rightly() {
    let mut count = 0;
    for path in fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()) {
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let facts = read(&case["prompt"].to_string());
        if let Some(passes) = case.get("passes") {
            assert_eq!(json!(facts.passes.len()), *passes, "{name}");
        }
        for wanted in case["findable"].as_array().into_iter().flatten() {
            assert!(is_findable(&facts, wanted.as_str().unwrap()), "{name}: {wanted}");
        }
        let facts = serde_json::to_value(facts).unwrap();
        for (field, wanted) in case["facts"].as_object().into_iter().flatten() {
            let given = facts.get(field).cloned().unwrap_or(if wanted.is_array() { json!([]) } else { Value::Null });
            assert_eq!(comparable(given), comparable(wanted.clone()), "{name}: {field}");
        }
        count += 1;
    }
    assert!(count >= 14, "{count}");
}

/// Whether a search for a word, or for one in a field, has something to find.
fn is_findable(facts: &Facts, wanted: &str) -> bool {
    let (field, word) = wanted.split_once(':').unwrap_or(("", wanted));
    let list = match field {
        "" | "prompt" => &facts.positive,
        "model" => &facts.models,
        "seed" => &facts.seeds,
        other => panic!("{other}"),
    };
    list.iter().any(|text| text.contains(word))
}

/// Numbers as floats, of a LoRA the weight on the model alone.
fn comparable(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.into_iter().map(comparable).collect(),
        Value::Object(lora) => lora
            .into_iter()
            .filter(|(name, _)| name != "strength_clip")
            .map(|(name, value)| (name, comparable(value)))
            .collect(),
        other => other,
    }
}
