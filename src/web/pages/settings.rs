//! What a run was set to, as its page shows it: facts in words, each a way to the runs that share it.

use super::facets::shown;
use crate::facts::{Facts, Lora, Pass, short_name};
use crate::model::{List, Summary};
use crate::search::{Field, exact, text_hash};
use crate::web::marks::{Parts, marked};
use crate::web::query::ListQuery;

/// What the graph says plainly.
#[derive(Debug, Default)]
pub struct Settings {
    /// What was asked for, and what was to be left out.
    pub texts: Vec<Said>,
    /// Seeds as they were written.
    pub seeds: Vec<Value>,
    /// The rest: what it is called (a key) and its values.
    pub rows: Vec<Row>,
    /// What each of several samplers was set to.
    pub passes: Option<Passes>,
    /// Ways to the runs that are alike: keys and addresses.
    pub alike: Vec<(&'static str, String)>,
}

/// Texts of one sort; several are set apart by an empty line.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// The key of its name.
    pub name: &'static str,
    /// The key of what its button does.
    pub copy: &'static str,
    /// What its elements are called.
    pub id: &'static str,
    /// The text, with what was searched for marked.
    pub parts: Parts,
}

/// One thing that was set.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The key of its name.
    pub name: &'static str,
    /// What it was set to; several where several nodes say it.
    pub values: Vec<Value>,
}

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value {
    /// For the page.
    pub parts: Parts,
    /// What it is in full, where it is shortened.
    pub full: Option<String>,
    /// The runs that share it.
    pub url: Option<String>,
    /// How strongly it counts.
    pub strength: Option<String>,
}

/// The settings of several samplers, one a column.
#[derive(Debug, PartialEq, Eq)]
pub struct Passes {
    /// How many.
    pub count: usize,
    /// What it is called (a key), and a value for each that says it.
    pub rows: Vec<(&'static str, Vec<Option<Value>>)>,
}

/// What is found by what was searched for, and where values lead.
struct Writer<'a> {
    query: &'a ListQuery,
}

impl Settings {
    /// Puts facts into words.
    pub fn new(facts: &Facts, run: &Summary, query: &ListQuery) -> Self {
        let w = Writer { query };
        let mut rows = vec![
            w.names("fact-model", Field::Model, &facts.models),
            Row { name: "fact-lora", values: facts.loras.iter().map(|lora| w.lora(lora)).collect() },
        ];
        let passes = match &facts.passes[..] {
            [pass] => {
                let (of_pass, _) = w.pass(pass);
                rows.extend(of_pass.into_iter().map(|(name, value)| Row { name, values: value.into_iter().collect() }));
                None
            }
            passes => (!passes.is_empty()).then(|| w.table(passes)),
        };
        if let Some(size) = &facts.size {
            rows.push(row("fact-size", vec![plain(&format!("{} × {}", size.width, size.height))]));
            rows.push(row("fact-batch", size.batch.iter().map(|batch| plain(batch)).collect()));
            rows.push(row("fact-frames", size.length.iter().map(|length| plain(length)).collect()));
        }
        rows.push(files("fact-text-encoder", &facts.text_encoders));
        rows.push(files("fact-vae", &facts.vaes));
        rows.retain(|row| !row.values.is_empty());
        Self {
            texts: w.texts(facts),
            seeds: facts.seeds.iter().map(|seed| w.value(Field::Seed, seed)).collect(),
            rows,
            passes,
            alike: w.alike(facts, run),
        }
    }

    /// Whether the graph says nothing plainly.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.seeds.is_empty() && self.rows.is_empty() && self.passes.is_none()
    }
}

impl Value {
    /// Without marks.
    pub fn text(&self) -> String {
        self.full.clone().unwrap_or_else(|| self.parts.iter().map(|(part, _)| part.as_str()).collect())
    }
}

impl Writer<'_> {
    fn texts(&self, facts: &Facts) -> Vec<Said> {
        let said = |name, copy, id, field, texts: &[String]| Said {
            name,
            copy,
            id,
            parts: marked(&self.query.search, field, &texts.join("\n\n")),
        };
        let mut all = vec![
            said("prompt", "copy-prompt", "prompt", Field::Prompt, &facts.positive),
            said("negative", "copy-negative", "negative", Field::Negative, &facts.negative),
        ];
        all.retain(|said| !said.parts.is_empty());
        all
    }

    /// A value of a field, which leads to the runs that have it.
    fn value(&self, field: Field, full: &str) -> Value {
        let short = shown(field, full);
        Value {
            parts: marked(&self.query.search, field, &short),
            url: field.values().map(|list| self.query.only(&exact(list, full))),
            full: (short != full).then(|| full.to_owned()),
            strength: None,
        }
    }

    fn names(&self, name: &'static str, field: Field, values: &[String]) -> Row {
        row(name, values.iter().map(|value| self.value(field, value)).collect())
    }

    fn lora(&self, lora: &Lora) -> Value {
        Value { strength: lora.strength.clone(), ..self.value(Field::Lora, &lora.name) }
    }

    /// What a sampler was set to, and its seed.
    fn pass(&self, pass: &Pass) -> (Vec<(&'static str, Option<Value>)>, Option<Value>) {
        let one = |value: &Option<String>| value.as_deref().map(plain);
        let named = |field, value: &Option<String>| value.as_deref().map(|value| self.value(field, value));
        let rows = vec![
            ("fact-sampler", named(Field::Sampler, &pass.sampler)),
            ("fact-scheduler", named(Field::Scheduler, &pass.scheduler)),
            ("fact-steps", one(&pass.steps)),
            ("fact-cfg", one(&pass.cfg)),
            ("fact-guidance", one(&pass.guidance)),
            // All of it is what a text-to-image run does.
            ("fact-denoise", one(&pass.denoise.clone().filter(|denoise| denoise != "1" && denoise != "1.0"))),
        ];
        (rows, named(Field::Seed, &pass.seed))
    }

    fn table(&self, passes: &[Pass]) -> Passes {
        let columns: Vec<_> = passes.iter().map(|pass| self.pass(pass).0).collect();
        let names = columns.first().map(|rows| rows.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let rows = names.unwrap_or_default().into_iter().enumerate().map(|(place, name)| {
            let values = columns.iter().map(|rows| rows.get(place).and_then(|(_, value)| value.clone()));
            (name, values.collect::<Vec<_>>())
        });
        Passes { count: passes.len(), rows: rows.filter(|(_, values)| values.iter().any(Option::is_some)).collect() }
    }

    fn alike(&self, facts: &Facts, run: &Summary) -> Vec<(&'static str, String)> {
        let first = |list, values: &[String]| values.first().map(|value| exact(list, value));
        let workflow = run.workflow_id.as_ref().or(run.workflow_name.as_ref());
        let terms = [
            ("same-prompt", text_hash(&facts.positive).map(|hash| format!("prompt:#{hash}"))),
            ("same-model", first(List::Model, &facts.models)),
            ("same-seed", first(List::Seed, &facts.seeds)),
            ("same-workflow", workflow.map(|workflow| exact(List::Workflow, workflow))),
        ];
        terms.into_iter().filter_map(|(name, term)| Some((name, self.query.only(&term?)))).collect()
    }
}

fn row(name: &'static str, values: Vec<Value>) -> Row {
    Row { name, values }
}

fn plain(text: &str) -> Value {
    Value { parts: vec![(text.to_owned(), false)], ..Value::default() }
}

/// Files that nobody searches for by a field of their own.
fn files(name: &'static str, files: &[String]) -> Row {
    let value = |full: &String| {
        let short = short_name(full);
        Value { full: (short != full).then(|| full.clone()), ..plain(short) }
    };
    row(name, files.iter().map(value).collect())
}
