//! What a run was set to, as its page shows it: facts in words, each a way to the runs that share it.

use crate::facts::{Facts, Lora, Pass, short_name};
use crate::model::{List, Summary};
use crate::search::{Field, exact, text_hash};
use crate::web::history::facets::shown;
use crate::web::query::ListQuery;
use crate::web::view::marks::{Parts, marked};
use crate::web::view::words::Catalogue;

/// What the graph says plainly.
#[derive(Debug, Default)]
pub struct Parameters {
    /// What was asked for, and what was to be left out.
    pub texts: Vec<Said>,
    /// Seeds as they were written.
    pub seeds: Vec<ParameterValue>,
    /// The rest: what it is called (a key) and its values.
    pub rows: Vec<ParameterRow>,
    /// What each of several samplers was set to.
    pub passes: Option<Passes>,
    /// Types of its nodes.
    pub nodes: Vec<ParameterValue>,
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
pub struct ParameterRow {
    /// The key of its name.
    pub name: &'static str,
    /// What it was set to; several where several nodes say it.
    pub values: Vec<ParameterValue>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterValue {
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
    pub count: usize,
    /// What it is called (a key), and a value for each that says it.
    pub rows: Vec<(&'static str, Vec<Option<ParameterValue>>)>,
}

/// What is found by what was searched for, and where values lead.
struct ParameterWriter<'a> {
    query: &'a ListQuery,
    t: &'a Catalogue,
}

impl Parameters {
    /// Puts facts into words. `custom_nodes`: the packs that the editor's workflow names.
    pub fn new(facts: &Facts, custom_nodes: &[String], run: &Summary, query: &ListQuery, t: &Catalogue) -> Self {
        let w = ParameterWriter { query, t };
        let mut rows = vec![
            row("fact-service", plain_ones(&facts.services)),
            w.names("fact-model", Field::Model, &facts.models),
            row("fact-lora", facts.loras.iter().map(|lora| w.lora(lora)).collect()),
        ];
        let passes = match &facts.passes[..] {
            [pass] => {
                rows.extend(w.pass(pass).into_iter().map(|(name, value)| row(name, value.into_iter().collect())));
                None
            }
            passes => (!passes.is_empty()).then(|| w.table(passes)),
        };
        rows.extend([
            row("fact-size", size(facts).into_iter().collect()),
            row("fact-length", length(facts, w.t).into_iter().collect()),
            row("fact-batch", facts.batch.iter().map(|batch| plain(batch)).collect()),
            files("fact-controlnet", &facts.controlnets),
            files("fact-upscaler", &facts.upscalers),
            files("fact-text-encoder", &facts.text_encoders),
            files("fact-vae", &facts.vaes),
            files("fact-helper", &facts.helpers),
            w.names("fact-input", Field::File, &facts.inputs),
            row("fact-custom-nodes", plain_ones(custom_nodes)),
        ]);
        rows.retain(|row| !row.values.is_empty());
        Self {
            texts: w.texts(facts),
            seeds: facts.seeds.iter().map(|seed| w.value(Field::Seed, seed)).collect(),
            rows,
            passes,
            nodes: facts.nodes.iter().map(|node| w.value(Field::Node, node)).collect(),
            alike: w.alike(facts, run),
        }
    }

    /// Whether the graph says nothing plainly.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.seeds.is_empty() && self.rows.is_empty() && self.passes.is_none()
    }
}

impl ParameterValue {
    pub fn text(&self) -> String {
        self.full.clone().unwrap_or_else(|| self.parts.iter().map(|(part, _)| part.as_str()).collect())
    }
}

impl ParameterWriter<'_> {
    fn texts(&self, facts: &Facts) -> Vec<Said> {
        let said = |name, copy, id, field, texts: &[String]| Said {
            name,
            copy,
            id,
            parts: marked(&self.query.search, field, &texts.join("\n\n")),
        };
        // Of music, the tags are what was asked for.
        let positive = if facts.positive == facts.tags { &[] } else { &facts.positive[..] };
        let mut all = vec![
            said("prompt", "copy-prompt", "prompt", Field::Prompt, positive),
            said("tags", "copy-tags", "tags", Field::Prompt, &facts.tags),
            said("lyrics", "copy-lyrics", "lyrics", Field::Prompt, &facts.lyrics),
            said("instructions", "copy-instructions", "instructions", Field::Prompt, &facts.instructions),
            said("negative", "copy-negative", "negative", Field::Negative, &facts.negative),
        ];
        all.retain(|said| !said.parts.is_empty());
        all
    }

    /// A value of a field, which leads to the runs that have it.
    fn value(&self, field: Field, full: &str) -> ParameterValue {
        let short = shown(field, full);
        ParameterValue {
            parts: marked(&self.query.search, field, &short),
            url: field.values().map(|list| self.query.only(&exact(list, full))),
            full: (short != full).then(|| full.to_owned()),
            strength: None,
        }
    }

    fn names(&self, name: &'static str, field: Field, values: &[String]) -> ParameterRow {
        row(name, values.iter().map(|value| self.value(field, value)).collect())
    }

    /// One strength, or two where the text encoder has another.
    fn lora(&self, lora: &Lora) -> ParameterValue {
        let strength = match (&lora.strength, &lora.strength_clip) {
            (Some(model), Some(clip)) if model != clip => Some(format!("{model} / {clip}")),
            (Some(one), _) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        ParameterValue { strength, ..self.value(Field::Lora, &lora.name) }
    }

    /// What a sampler was set to.
    fn pass(&self, pass: &Pass) -> Vec<(&'static str, Option<ParameterValue>)> {
        let one = |value: &Option<String>| value.as_deref().map(plain);
        let named = |field, value: &Option<String>| value.as_deref().map(|value| self.value(field, value));
        // All of it is what a text-to-image run does.
        let denoise = pass.denoise.clone().filter(|denoise| denoise.parse() != Ok(1.0));
        let schedule = pass.schedule_node.as_deref().map(|node| self.value(Field::Node, node));
        vec![
            ("fact-sampler", named(Field::Sampler, &pass.sampler)),
            ("fact-scheduler", named(Field::Scheduler, &pass.scheduler).or(schedule)),
            ("fact-steps", steps(pass).as_deref().map(plain)),
            ("fact-cfg", cfg(pass).as_deref().map(plain)),
            ("fact-guidance", one(&pass.guidance)),
            ("fact-denoise", one(&denoise)),
        ]
    }

    fn table(&self, passes: &[Pass]) -> Passes {
        let columns: Vec<_> = passes.iter().map(|pass| self.pass(pass)).collect();
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
        let shape = (!facts.shape.is_empty()).then(|| format!("workflow:#{}", facts.shape));
        let terms = [
            ("same-prompt", text_hash(&facts.positive).map(|hash| format!("prompt:#{hash}"))),
            ("same-model", first(List::Model, &facts.models)),
            ("same-seed", first(List::Seed, &facts.seeds)),
            ("same-workflow", workflow.map(|workflow| exact(List::Workflow, workflow)).or(shape)),
        ];
        terms.into_iter().filter_map(|(name, term)| Some((name, self.query.only(&term?)))).collect()
    }
}

fn row(name: &'static str, values: Vec<ParameterValue>) -> ParameterRow {
    ParameterRow { name, values }
}

fn plain(text: &str) -> ParameterValue {
    ParameterValue { parts: vec![(text.to_owned(), false)], ..ParameterValue::default() }
}

fn plain_ones(texts: &[String]) -> Vec<ParameterValue> {
    texts.iter().map(|text| plain(text)).collect()
}

/// `20`, or `0–10 / 20` for those that take a part of them.
fn steps(pass: &Pass) -> Option<String> {
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
    let (start, all) = (number(&pass.start_at_step).unwrap_or(0), number(&pass.steps));
    let end = number(&pass.end_at_step).or(all);
    match (end, all) {
        (Some(end), Some(all)) if start > 0 || end < all => Some(format!("{start}–{} / {all}", end.min(all))),
        _ => pass.steps.clone(),
    }
}

fn cfg(pass: &Pass) -> Option<String> {
    match (&pass.cfg, &pass.cfg2) {
        (Some(one), Some(two)) => Some(format!("{one} / {two}")),
        (one, two) => one.as_ref().or(two.as_ref()).cloned(),
    }
}

fn size(facts: &Facts) -> Option<ParameterValue> {
    let text = match (&facts.width, &facts.height) {
        (Some(width), Some(height)) => format!("{width} × {height}"),
        (Some(width), None) => format!("{width} × ?"),
        (None, Some(height)) => format!("? × {height}"),
        (None, None) => return None,
    };
    Some(plain(&text))
}

/// `81 frames · 16 fps · 5.1 s`.
fn length(facts: &Facts, t: &Catalogue) -> Option<ParameterValue> {
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    // Played at its own speed it takes so long; a graph that says it itself is right.
    let seconds = facts.seconds.clone().or_else(|| {
        let (frames, fps) = (number(&facts.length)?, number(&facts.fps)?);
        (fps > 0.0).then(|| format!("{:.1}", frames / fps))
    });
    let parts = [("length-frames", &facts.length), ("length-fps", &facts.fps), ("length-seconds", &seconds)];
    let parts = parts.into_iter().filter_map(|(key, value)| Some(t.with(key, "n", value.as_ref()?)));
    let text = parts.collect::<Vec<_>>().join(" · ");
    (!text.is_empty()).then(|| plain(&text))
}

/// Files that nobody searches for by a field of their own.
fn files(name: &'static str, files: &[String]) -> ParameterRow {
    let value = |full: &String| {
        let short = short_name(full);
        ParameterValue { full: (short != full).then(|| full.clone()), ..plain(short) }
    };
    row(name, files.iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::summary;
    use crate::web::http::language::Language;
    use crate::web::query::Author;

    fn settings(facts: &Facts) -> Parameters {
        let query = ListQuery::parse("", Author::Form, "UTC".parse().unwrap()).unwrap();
        Parameters::new(facts, &[], &summary(), &query, Catalogue::of(Language::English))
    }

    fn shown_in(row: &ParameterRow) -> String {
        row.values.iter().map(|value| value.parts[0].0.clone()).collect::<Vec<_>>().join(", ")
    }

    fn pass(sampler: &str, denoise: &str) -> Pass {
        let text = |text: &str| Some(text.to_owned());
        Pass { sampler: text(sampler), steps: text("20"), denoise: text(denoise), ..Pass::default() }
    }

    #[test]
    fn one_pass_is_rows_and_several_are_a_table() {
        let models = vec!["XL/base.safetensors".to_owned()];
        let one = settings(&Facts { models: models.clone(), passes: vec![pass("euler", "1.0")], ..Facts::default() });
        let names: Vec<_> = one.rows.iter().map(|row| row.name).collect();
        assert_eq!(names, ["fact-model", "fact-sampler", "fact-steps"]);
        let value = &one.rows[0].values[0];
        assert_eq!((value.text().as_str(), shown_in(&one.rows[0]).as_str()), ("XL/base.safetensors", "base"));
        let two = settings(&Facts { models, passes: vec![pass("euler", "1"), pass("lcm", "0.5")], ..Facts::default() });
        assert_eq!(two.rows.len(), 1);
        let passes = two.passes.unwrap();
        assert_eq!(
            passes.rows.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["fact-sampler", "fact-steps", "fact-denoise"]
        );
        assert_eq!(passes.rows[2].1[0], None, "all of it goes without saying");
    }

    #[test]
    fn steps_say_which_of_them_a_pass_takes() {
        let part = |start: &str, end: &str| Pass {
            start_at_step: Some(start.to_owned()),
            end_at_step: Some(end.to_owned()),
            ..pass("euler", "1")
        };
        assert_eq!(steps(&part("0", "10")).unwrap(), "0–10 / 20");
        assert_eq!(steps(&part("10", "10000")).unwrap(), "10–20 / 20");
        assert_eq!(steps(&part("0", "10000")).unwrap(), "20");
        assert_eq!(steps(&Pass { steps: Some("many".to_owned()), ..part("0", "9") }).unwrap(), "many");
    }

    #[test]
    fn a_video_says_how_long_it_plays() {
        let text = |text: &str| Some(text.to_owned());
        let video = settings(&Facts { length: text("81"), fps: text("16"), ..Facts::default() });
        assert_eq!(shown_in(&video.rows[0]), "81 frames · 16 fps · 5.1 s");
        let song = settings(&Facts { seconds: text("120"), ..Facts::default() });
        assert_eq!(shown_in(&song.rows[0]), "120 s");
        let still = settings(&Facts { length: text("81"), fps: text("0"), ..Facts::default() });
        assert_eq!(shown_in(&still.rows[0]), "81 frames · 0 fps");
    }

    #[test]
    fn a_lora_says_both_strengths_where_they_differ() {
        let lora = |strength: &str, clip: &str| Lora {
            name: "a.safetensors".to_owned(),
            strength: Some(strength.to_owned()),
            strength_clip: Some(clip.to_owned()),
        };
        let settings = settings(&Facts { loras: vec![lora("0.8", "0.8"), lora("0.8", "1")], ..Facts::default() });
        let strengths: Vec<_> = settings.rows[0].values.iter().map(|value| value.strength.as_deref()).collect();
        assert_eq!(strengths, [Some("0.8"), Some("0.8 / 1")]);
    }
}
