//! Real workflows with hand-checked answers. They are no part of the project: where they lie beside it they are read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::*;
use crate::json::members;

const WORKFLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/comfyui/workflows");

/// Fields that say something of the answer itself, or of single outputs.
const NOT_COMPARED: [&str; 3] = ["notes", "per_output", "aux_models"];

#[test]
fn hand_checked_answers_are_met() {
    let Ok(expected) = fs::read_to_string(Path::new(WORKFLOWS).join("expected.json")) else {
        eprintln!("skipped: no workflows at {WORKFLOWS}");
        return;
    };
    let expected: BTreeMap<String, Map<String, Value>> = serde_json::from_str(&expected).unwrap();
    let mut rates: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (name, answers) in &expected {
        let facts = serde_json::to_value(read(&prompt(name))).unwrap();
        for (field, wanted) in answers.iter().filter(|(field, _)| !NOT_COMPARED.contains(&field.as_str())) {
            // What the user typed for a language model.
            let own = if field == "positive_source" { "instructions" } else { field };
            let given = facts.get(own).cloned().unwrap_or(Value::Array(Vec::new()));
            let (met, all) = rates.entry(field.clone()).or_default();
            *all += 1;
            if comparable(wanted) == comparable(&given) {
                *met += 1;
            } else {
                eprintln!("{name}: {field}: wanted {wanted}, given {given}");
            }
        }
    }
    for (field, (met, all)) in &rates {
        eprintln!("{field:<16} {met:>3} of {all:>3}");
    }
    let (met, all) = rates.values().fold((0, 0), |sum, rate| (sum.0 + rate.0, sum.1 + rate.1));
    eprintln!("{:<16} {met:>3} of {all:>3}", "all");
    assert!(all > 200 && f64::from(met) >= 0.98 * f64::from(all), "{met} of {all}");
}

#[test]
fn every_workflow_is_read_fast_and_its_model_alone_is_the_same() {
    let Ok(files) = fs::read_dir(WORKFLOWS) else {
        eprintln!("skipped: no workflows at {WORKFLOWS}");
        return;
    };
    let mut count = 0;
    for path in files.map(|file| file.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "expected" || path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let prompt = prompt(&name);
        let facts = read(&prompt);
        assert_eq!(model(&prompt).as_deref(), facts.models.first().map(|name| short_name(name)), "{name}");
        assert_eq!(facts.shape.len(), 16, "{name}");
        // An answer is never a blank text, and no side of the guidance is told the name of a file.
        let texts = [&facts.positive, &facts.negative, &facts.models, &facts.seeds, &facts.vaes, &facts.text_encoders];
        assert!(texts.iter().all(|list| list.iter().all(|text| !text.trim().is_empty())), "{name}");
        count += 1;
    }
    assert!(count > 200, "{count}");
}

fn prompt(name: &str) -> String {
    let text = fs::read_to_string(Path::new(WORKFLOWS).join(format!("{name}.json"))).unwrap();
    members(&text).find(|(key, _)| key == "prompt").unwrap().1.to_owned()
}

/// Numbers as numbers without the noise of floats, lists without their order and what is in them twice.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(format!("{:.6}", number.as_f64().unwrap())),
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(comparable).collect();
            list.sort_by_key(Value::to_string);
            list.dedup();
            Value::Array(list)
        }
        Value::Object(lora) => {
            let kept = lora.iter().filter(|(name, _)| *name != "strength_clip");
            Value::Object(kept.map(|(name, value)| (name.clone(), comparable(value))).collect())
        }
        other => other.clone(),
    }
}
