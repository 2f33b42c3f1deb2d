//! What a run was set to, as its page shows it: facts in words.

use crate::facts::{Facts, Lora, Pass, short_name};
use crate::web::words::Words;

/// What the graph says plainly.
#[derive(Debug, Default)]
pub struct Settings {
    /// The positive texts; several are set apart by an empty line.
    pub positive: String,
    /// The negative ones.
    pub negative: String,
    /// Seeds as they were written.
    pub seeds: Vec<String>,
    /// The rest: what it is called (a key) and its values.
    pub rows: Vec<Row>,
}

/// One thing that was set.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The key of its name.
    pub name: &'static str,
    /// What it was set to; several where several nodes say it.
    pub values: Vec<Value>,
}

/// A value, and what it is in full where that is shortened.
#[derive(Debug, PartialEq, Eq)]
pub struct Value {
    /// For the page.
    pub shown: String,
    /// For a tooltip.
    pub full: Option<String>,
}

impl Settings {
    /// Puts facts into words.
    pub fn new(facts: Facts, t: &Words) -> Self {
        let mut rows = vec![
            row("fact-model", facts.models.iter().map(|name| file(name)).collect()),
            row("fact-lora", facts.loras.iter().map(lora).collect()),
        ];
        match &facts.passes[..] {
            [pass] => rows.extend(settings_of(pass)),
            passes => rows.push(row("fact-passes", passes.iter().map(|pass| plain(in_a_line(pass, t))).collect())),
        }
        let size = facts.width.zip(facts.height).map(|(width, height)| plain(format!("{width} × {height}")));
        rows.push(row("fact-size", size.into_iter().collect()));
        rows.push(row("fact-batch", facts.batch.into_iter().map(plain).collect()));
        rows.push(row("fact-frames", facts.length.into_iter().map(plain).collect()));
        rows.push(row("fact-text-encoder", facts.text_encoders.iter().map(|name| file(name)).collect()));
        rows.push(row("fact-vae", facts.vaes.iter().map(|name| file(name)).collect()));
        rows.retain(|row| !row.values.is_empty());
        let joined = |texts: Vec<String>| texts.join("\n\n");
        Self { positive: joined(facts.positive), negative: joined(facts.negative), seeds: facts.seeds, rows }
    }

    /// Whether the graph says nothing plainly.
    pub fn is_empty(&self) -> bool {
        self.positive.is_empty() && self.negative.is_empty() && self.seeds.is_empty() && self.rows.is_empty()
    }
}

fn row(name: &'static str, values: Vec<Value>) -> Row {
    Row { name, values }
}

fn plain(shown: String) -> Value {
    Value { shown, full: None }
}

fn file(name: &str) -> Value {
    let shown = short_name(name).to_owned();
    Value { full: (shown != name).then(|| name.to_owned()), shown }
}

fn lora(lora: &Lora) -> Value {
    let Value { shown, full } = file(&lora.name);
    match &lora.strength {
        Some(strength) => Value { shown: format!("{shown} × {strength}"), full },
        None => Value { shown, full },
    }
}

fn settings_of(pass: &Pass) -> Vec<Row> {
    let one = |name, value: &Option<String>| row(name, value.clone().into_iter().map(plain).collect());
    vec![
        one("fact-sampler", &pass.sampler),
        one("fact-scheduler", &pass.scheduler),
        one("fact-steps", &pass.steps),
        one("fact-cfg", &pass.cfg),
        one("fact-guidance", &pass.guidance),
        // All of it is what a text-to-image run does.
        one("fact-denoise", &pass.denoise.clone().filter(|denoise| denoise != "1")),
    ]
}

/// `euler · simple · 4 steps · CFG 1`.
fn in_a_line(pass: &Pass, t: &Words) -> String {
    let named = |key: &str, value: &Option<String>| value.as_ref().map(|value| format!("{} {value}", t.say(key)));
    let denoise = pass.denoise.clone().filter(|denoise| denoise != "1");
    let parts = [
        pass.sampler.clone(),
        pass.scheduler.clone(),
        named("fact-steps", &pass.steps),
        named("fact-cfg", &pass.cfg),
        named("fact-guidance", &pass.guidance),
        named("fact-denoise", &denoise),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::Language;

    #[test]
    fn one_pass_is_a_table_and_several_are_lines() {
        let pass = |sampler: &str, denoise: &str| Pass {
            sampler: Some(sampler.to_owned()),
            steps: Some("20".to_owned()),
            denoise: Some(denoise.to_owned()),
            ..Pass::default()
        };
        let settings = |passes| {
            let facts = Facts { models: vec!["XL/base.safetensors".into()], passes, ..Facts::default() };
            Settings::new(facts, Language::English.words())
        };
        let one = settings(vec![pass("euler", "1")]);
        assert_eq!(
            one.rows.iter().map(|row| row.name).collect::<Vec<_>>(),
            ["fact-model", "fact-sampler", "fact-steps"]
        );
        assert_eq!(one.rows[0].values[0], Value { shown: "base".into(), full: Some("XL/base.safetensors".into()) });
        let two = settings(vec![pass("euler", "1"), pass("lcm", "0.5")]);
        assert_eq!(two.rows[1].values[1].shown, "lcm · Steps 20 · Denoise 0.5");
    }
}
