//! What `list --format` can show of a run, by name.

use super::error::Error;
use super::terminal;
use crate::facts::{Facts, Pass, short_name};
use crate::model::{MediaKind, Status, StatusReason, Summary, Timestamp};

/// A run of a list.
#[derive(Debug)]
pub(super) struct Run {
    /// Its row.
    pub(super) row: Summary,
    /// What its prompt says, where that was asked for.
    pub(super) facts: Option<Facts>,
}

/// A field: its name, and its value where the run has one.
type Field = (&'static str, FieldValue);

enum FieldValue {
    Row(fn(&Summary) -> Option<String>),
    Fact(fn(&Facts) -> Option<String>),
    Run(fn(&Run) -> Option<String>),
}

#[rustfmt::skip]
const FIELDS: [Field; 41] = [
    ("id", FieldValue::Row(|run| Some(run.id.to_string()))),
    ("instance", FieldValue::Row(|run| Some(run.instance.to_string()))),
    ("prompt_id", FieldValue::Row(|run| Some(run.prompt_id.as_str().to_owned()))),
    ("status", FieldValue::Row(|run| Some(run.status.to_string()))),
    ("status_reason", FieldValue::Row(|run| run.status_reason.map(StatusReason::as_str).map(str::to_owned))),
    ("created_at", FieldValue::Row(|run| Some(run.created_at.to_string()))),
    ("started_at", FieldValue::Row(|run| moment(run.started_at))),
    ("finished_at", FieldValue::Row(|run| moment(run.finished_at))),
    ("duration_ms", FieldValue::Row(|run| run.duration_ms.map(|millis| millis.to_string()))),
    ("workflow_id", FieldValue::Row(|run| run.workflow_id.clone())),
    ("workflow_name", FieldValue::Row(|run| run.workflow_name.clone())),
    ("client_id", FieldValue::Row(|run| run.client_id.clone())),
    ("model", FieldValue::Row(|run| run.model.clone())),
    ("outputs_count", FieldValue::Row(|run| Some(run.outputs_count.to_string()))),
    ("previews_count", FieldValue::Row(|run| Some(run.previews_count.to_string()))),
    ("kinds", FieldValue::Row(|run| joined(run.kinds.iter().map(|kind| kind.as_str())))),
    ("excerpt", FieldValue::Row(|run| run.excerpt.clone())),
    ("cover", FieldValue::Row(|run| run.cover.as_ref().map(|cover| cover.filename.clone()))),
    ("cover_sha256", FieldValue::Row(|run| run.cover.as_ref().map(|cover| cover.sha256.to_string()))),
    ("files_state", FieldValue::Row(|run| run.files_state.map(|state| state.as_str().to_owned()))),
    ("error", FieldValue::Row(error)),
    ("text", FieldValue::Run(text)),
    ("prompt", FieldValue::Fact(|facts| joined(facts.positive.iter().map(String::as_str)))),
    ("negative", FieldValue::Fact(|facts| joined(facts.negative.iter().map(String::as_str)))),
    ("models", FieldValue::Fact(|facts| joined(facts.models.iter().map(|name| short_name(name))))),
    ("loras", FieldValue::Fact(|facts| joined(facts.loras.iter().map(|lora| short_name(&lora.name))))),
    ("seed", FieldValue::Fact(|facts| facts.seeds.first().cloned())),
    ("seeds", FieldValue::Fact(|facts| joined(facts.seeds.iter().map(String::as_str)))),
    ("sampler", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.sampler.clone()))),
    ("scheduler", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.scheduler.clone()))),
    ("steps", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.steps.clone()))),
    ("cfg", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.cfg.clone()))),
    ("guidance", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.guidance.clone()))),
    ("denoise", FieldValue::Fact(|facts| of_pass(facts, |pass| pass.denoise.clone()))),
    ("width", FieldValue::Fact(|facts| facts.width.clone())),
    ("height", FieldValue::Fact(|facts| facts.height.clone())),
    ("length", FieldValue::Fact(|facts| facts.length.clone())),
    ("fps", FieldValue::Fact(|facts| facts.fps.clone())),
    ("inputs", FieldValue::Fact(|facts| joined(facts.inputs.iter().map(String::as_str)))),
    ("nodes", FieldValue::Fact(|facts| joined(facts.nodes.iter().map(String::as_str)))),
    ("shape", FieldValue::Fact(|facts| Some(facts.shape.clone()))),
];

fn moment(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.to_string())
}

fn joined<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    Some(values.collect::<Vec<_>>().join(", "))
}

/// Of the first pass that says it.
fn of_pass(facts: &Facts, value: fn(&Pass) -> Option<String>) -> Option<String> {
    facts.passes.iter().find_map(value)
}

fn error(run: &Summary) -> Option<String> {
    let error = run.error.as_ref()?;
    let said = error.message.as_deref().or(error.kind.as_deref()).unwrap_or_default();
    Some(match &error.node_type {
        Some(node) => format!("{node}: {said}"),
        None => said.to_owned(),
    })
}

/// What says most about a run on one line: why it failed, what it was told, what it gave, what its workflow is called.
pub(super) fn text(run: &Run) -> Option<String> {
    let facts = run.facts.as_ref();
    let told = facts.and_then(|facts| facts.positive.first().or(facts.instructions.first()).or(facts.tags.first()));
    error(&run.row)
        .filter(|_| run.row.status == Status::Failed)
        .or_else(|| told.cloned())
        .or_else(|| run.row.excerpt.clone())
        .or_else(|| run.row.workflow_name.clone())
}

/// What a run gave: `4 images`, `5 image+text`.
pub(super) fn outputs(run: &Summary) -> String {
    let count = run.outputs_count;
    match run.kinds.as_slice() {
        [] if count == 0 => String::new(),
        [kind] => {
            let (one, many) = match kind {
                MediaKind::Image => ("image", "images"),
                MediaKind::Video => ("video", "videos"),
                MediaKind::Audio => ("sound", "sounds"),
                MediaKind::Text => ("text", "texts"),
                MediaKind::Model3d => ("3D model", "3D models"),
                MediaKind::Other => ("file", "files"),
            };
            format!("{count} {}", if count == 1 { one } else { many })
        }
        kinds => format!("{count} {}", kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join("+")),
    }
}

/// A line for each run, with fields in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<TemplatePiece>);

#[derive(Debug, PartialEq, Eq)]
enum TemplatePiece {
    Text(String),
    /// By its place in the table.
    Field(usize),
}

impl Template {
    /// Reads `{field}`, `{{` and `}}` for braces, `\t` and `\n`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' if rest.next_if_eq(&'{').is_some() => plain.push('{'),
                '}' if rest.next_if_eq(&'}').is_some() => plain.push('}'),
                '\\' if rest.next_if_eq(&'t').is_some() => plain.push('\t'),
                '\\' if rest.next_if_eq(&'n').is_some() => plain.push('\n'),
                '{' => {
                    let name: String = std::iter::from_fn(|| rest.next_if(|c| *c != '}')).collect();
                    if rest.next().is_none() {
                        return Err(Error::Usage(format!(
                            "--format: {{{name} has no }}; write {{{{ for a brace itself"
                        )));
                    }
                    pieces.push(TemplatePiece::Text(std::mem::take(&mut plain)));
                    pieces.push(TemplatePiece::Field(place(name.trim())?));
                }
                c => plain.push(c),
            }
        }
        pieces.push(TemplatePiece::Text(plain));
        Ok(Self(pieces))
    }

    /// Fields by their names, with tabs between.
    pub(super) fn tabs(names: &[&str]) -> Result<Self, Error> {
        Self::parse(&names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join("\t"))
    }

    /// Whether prompts must be read for it.
    pub(super) fn needs_facts(&self) -> bool {
        let fields = self.0.iter().filter_map(|piece| match piece {
            TemplatePiece::Field(place) => Some(&FIELDS[*place].1),
            TemplatePiece::Text(_) => None,
        });
        fields.into_iter().any(|value| !matches!(value, FieldValue::Row(_)))
    }

    /// The line of a run, without its end.
    pub(super) fn line(&self, run: &Run) -> String {
        let mut line = String::new();
        for piece in &self.0 {
            match piece {
                TemplatePiece::Text(text) => line.push_str(text),
                TemplatePiece::Field(place) => {
                    let value = match &FIELDS[*place].1 {
                        FieldValue::Row(value) => value(&run.row),
                        FieldValue::Fact(value) => run.facts.as_ref().and_then(value),
                        FieldValue::Run(value) => value(run),
                    };
                    line.push_str(&terminal::line(&value.unwrap_or_default()));
                }
            }
        }
        line
    }
}

fn place(name: &str) -> Result<usize, Error> {
    if let Some(place) = FIELDS.iter().position(|(known, _)| *known == name) {
        return Ok(place);
    }
    let names = || FIELDS.iter().map(|(name, _)| *name);
    let likeness = |known: &str| strsim::jaro(&name.to_lowercase(), known);
    let nearest = names().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let meant = nearest.filter(|known| likeness(known) > 0.7).map(|known| format!("did you mean {{{known}}}? "));
    let (meant, all) = (meant.unwrap_or_default(), names().collect::<Vec<_>>().join(", "));
    Err(Error::Usage(format!("--format: there is no field {name:?}; {meant}there are {all}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        match Template::parse(text) {
            Err(Error::Usage(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_field_names_the_nearest_and_all() {
        let said = problem("{id} {modle}");
        assert!(said.contains("\"modle\"; did you mean {model}? there are id, instance,"), "{said}");
        assert!(FIELDS.iter().all(|(name, _)| said.contains(name)));
        assert!(!problem("{}").contains("did you mean"));
        assert!(problem("{id").contains("has no }"));
    }

    #[test]
    fn a_template_is_text_with_fields() {
        let template = Template::parse(r"a{{{id}}}\t{ seed }\n}").unwrap();
        assert!(template.needs_facts());
        let place = |name| TemplatePiece::Field(super::place(name).unwrap());
        let text = |text: &str| TemplatePiece::Text(text.to_owned());
        assert_eq!(template.0, [text("a{"), place("id"), text("}\t"), place("seed"), text("\n}")]);
        assert!(!Template::parse("{id} {model}").unwrap().needs_facts());
    }
}
