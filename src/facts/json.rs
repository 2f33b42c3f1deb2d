//! Facts as the JSON of our API: numbers as numbers, seeds as texts, what isn't known left out.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::values::{Facts, Lora, Pass};

/// What the prompt of a generation says. Lists without a use here are left out, and so are values that aren't known.
#[derive(Serialize, ToSchema)]
#[schema(as = Facts)]
struct FactsJson<'a> {
    /// Checkpoints, diffusion models and services as the prompt names them, the main one first.
    models: &'a [String],
    loras: Vec<WrittenLora<'a>>,
    /// Of each pass that names one, in the order in which they run; so are the next ones.
    samplers: Vec<&'a str>,
    schedulers: Vec<&'a str>,
    /// The classes of nodes that make a schedule without a name.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    schedule_nodes: Vec<&'a str>,
    steps: Vec<Number<'a>>,
    cfg: Vec<Number<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cfg2: Vec<Number<'a>>,
    guidance: Vec<Number<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    denoise: Vec<Number<'a>>,
    /// Texts, as a seed may be above JavaScript's exact numbers.
    seeds: &'a [String],
    /// In pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<Number<'a>>,
    /// In pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<Number<'a>>,
    /// In frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<Number<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<Number<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fps: Option<Number<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Number<'a>>,
    /// The texts that a picture was to follow, without repeats.
    positive: &'a [String],
    negative: &'a [String],
    /// What language models were asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    instructions: &'a [String],
    /// What music was to be like.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lyrics: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    text_encoders: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    vaes: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    controlnets: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    upscalers: &'a [String],
    /// Models beside the main ones: CLIP vision, style models …
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    helpers: &'a [String],
    /// Hosted services that made something.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    services: &'a [String],
    /// Files that were read.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    inputs: &'a [String],
    /// Node types, those that took part first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    nodes: &'a [String],
    /// Titles that nodes were given.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    titles: &'a [String],
    /// What each sampler was set to.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    passes: Vec<WrittenPass<'a>>,
    /// Sixteen hexadecimal digits, the same for graphs that differ only in what is written in their widgets.
    #[serde(skip_serializing_if = "str::is_empty")]
    shape: &'a str,
}

/// A LoRA and how strongly it counts.
#[derive(Serialize, ToSchema)]
#[schema(as = Lora)]
struct WrittenLora<'a> {
    /// The file, as the prompt names it.
    name: &'a str,
    /// The weight on the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<Number<'a>>,
    /// The weight on the text encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    strength_clip: Option<Number<'a>>,
}

/// What one sampler was set to.
#[derive(Serialize, ToSchema)]
#[schema(as = Pass)]
struct WrittenPass<'a> {
    /// `euler`, `dpmpp_2m` …; the class of a node that is a sampler itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    sampler: Option<&'a str>,
    /// `karras`, `simple` …
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<&'a str>,
    /// The class of the node that makes the schedule, where that has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_node: Option<&'a str>,
    /// Where its noise comes from, as a text; left out where it adds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'a str>,
    /// How many steps its schedule has.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Number<'a>>,
    /// The first of them that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at_step: Option<Number<'a>>,
    /// The one before which it stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_at_step: Option<Number<'a>>,
    /// Classifier-free guidance.
    #[serde(skip_serializing_if = "Option::is_none")]
    cfg: Option<Number<'a>>,
    /// The second one, where there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    cfg2: Option<Number<'a>>,
    /// The guidance that a Flux model is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    guidance: Option<Number<'a>>,
    /// How much of the latent is made anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    denoise: Option<Number<'a>>,
}

/// A number as it was written; a text where JSON has no such number.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = NumberOrText)]
enum Number<'a> {
    #[schema(value_type = f64)]
    Number(serde_json::Number),
    Text(&'a str),
}

impl<'a> From<&'a String> for Number<'a> {
    fn from(written: &'a String) -> Self {
        let whole = written.parse::<u64>().map(Into::into).or_else(|_| written.parse::<i64>().map(Into::into)).ok();
        let number = whole.or_else(|| written.parse().ok().and_then(serde_json::Number::from_f64));
        number.map_or(Self::Text(written), Self::Number)
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FactsJson::from(self).serialize(serializer)
    }
}

impl PartialSchema for Facts {
    fn schema() -> RefOr<Schema> {
        FactsJson::schema()
    }
}

impl ToSchema for Facts {
    fn name() -> Cow<'static, str> {
        FactsJson::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        FactsJson::schemas(schemas);
    }
}

impl<'a> From<&'a Facts> for FactsJson<'a> {
    fn from(facts: &'a Facts) -> Self {
        let texts = |of: fn(&Pass) -> &Option<String>| -> Vec<&'a str> {
            facts.passes.iter().filter_map(|pass| of(pass).as_deref()).collect()
        };
        let numbers = |of: fn(&Pass) -> &Option<String>| -> Vec<Number<'a>> {
            facts.passes.iter().filter_map(|pass| of(pass).as_ref()).map(Number::from).collect()
        };
        let number = |written: &'a Option<String>| written.as_ref().map(Number::from);
        Self {
            models: &facts.models,
            loras: facts.loras.iter().map(WrittenLora::from).collect(),
            samplers: texts(|pass| &pass.sampler),
            schedulers: texts(|pass| &pass.scheduler),
            schedule_nodes: texts(|pass| &pass.schedule_node),
            steps: numbers(|pass| &pass.steps),
            cfg: numbers(|pass| &pass.cfg),
            cfg2: numbers(|pass| &pass.cfg2),
            guidance: numbers(|pass| &pass.guidance),
            denoise: numbers(|pass| &pass.denoise),
            seeds: &facts.seeds,
            width: number(&facts.width),
            height: number(&facts.height),
            length: number(&facts.length),
            seconds: number(&facts.seconds),
            fps: number(&facts.fps),
            batch: number(&facts.batch),
            positive: &facts.positive,
            negative: &facts.negative,
            instructions: &facts.instructions,
            tags: &facts.tags,
            lyrics: &facts.lyrics,
            text_encoders: &facts.text_encoders,
            vaes: &facts.vaes,
            controlnets: &facts.controlnets,
            upscalers: &facts.upscalers,
            helpers: &facts.helpers,
            services: &facts.services,
            inputs: &facts.inputs,
            nodes: &facts.nodes,
            titles: &facts.titles,
            passes: facts.passes.iter().map(WrittenPass::from).collect(),
            shape: &facts.shape,
        }
    }
}

impl<'a> From<&'a Lora> for WrittenLora<'a> {
    fn from(lora: &'a Lora) -> Self {
        let number = |written: &'a Option<String>| written.as_ref().map(Number::from);
        Self { name: &lora.name, strength: number(&lora.strength), strength_clip: number(&lora.strength_clip) }
    }
}

impl<'a> From<&'a Pass> for WrittenPass<'a> {
    fn from(pass: &'a Pass) -> Self {
        let number = |written: &'a Option<String>| written.as_ref().map(Number::from);
        Self {
            sampler: pass.sampler.as_deref(),
            scheduler: pass.scheduler.as_deref(),
            schedule_node: pass.schedule_node.as_deref(),
            seed: pass.seed.as_deref(),
            steps: number(&pass.steps),
            start_at_step: number(&pass.start_at_step),
            end_at_step: number(&pass.end_at_step),
            cfg: number(&pass.cfg),
            cfg2: number(&pass.cfg2),
            guidance: number(&pass.guidance),
            denoise: number(&pass.denoise),
        }
    }
}
