//! Facts as the JSON of our API: numbers as numbers, seeds as texts, what isn't known left out.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Number, Value};

use super::{Facts, Lora, Pass};

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let texts = |of: fn(&Pass) -> &Option<String>| -> Vec<&str> {
            self.passes.iter().filter_map(|pass| of(pass).as_deref()).collect()
        };
        let numbers = |of: fn(&Pass) -> &Option<String>| -> Vec<Value> {
            self.passes.iter().filter_map(|pass| of(pass).as_deref()).map(number).collect()
        };
        map.serialize_entry("models", &self.models)?;
        map.serialize_entry("loras", &self.loras)?;
        map.serialize_entry("samplers", &texts(|pass| &pass.sampler))?;
        map.serialize_entry("schedulers", &texts(|pass| &pass.scheduler))?;
        some(&mut map, "schedule_nodes", &texts(|pass| &pass.schedule_node))?;
        map.serialize_entry("steps", &numbers(|pass| &pass.steps))?;
        map.serialize_entry("cfg", &numbers(|pass| &pass.cfg))?;
        some(&mut map, "cfg2", &numbers(|pass| &pass.cfg2))?;
        map.serialize_entry("guidance", &numbers(|pass| &pass.guidance))?;
        some(&mut map, "denoise", &numbers(|pass| &pass.denoise))?;
        map.serialize_entry("seeds", &self.seeds)?;
        let sizes = [
            ("width", &self.width),
            ("height", &self.height),
            ("length", &self.length),
            ("seconds", &self.seconds),
            ("fps", &self.fps),
            ("batch", &self.batch),
        ];
        for (name, value) in sizes {
            if let Some(value) = value {
                map.serialize_entry(name, &number(value))?;
            }
        }
        map.serialize_entry("positive", &self.positive)?;
        map.serialize_entry("negative", &self.negative)?;
        let more = [
            ("instructions", &self.instructions),
            ("tags", &self.tags),
            ("lyrics", &self.lyrics),
            ("text_encoders", &self.text_encoders),
            ("vaes", &self.vaes),
            ("controlnets", &self.controlnets),
            ("upscalers", &self.upscalers),
            ("helpers", &self.helpers),
            ("services", &self.services),
            ("inputs", &self.inputs),
            ("nodes", &self.nodes),
            ("titles", &self.titles),
        ];
        for (name, list) in more {
            some(&mut map, name, list)?;
        }
        some(&mut map, "passes", &self.passes)?;
        if !self.shape.is_empty() {
            map.serialize_entry("shape", &self.shape)?;
        }
        map.end()
    }
}

impl Serialize for Lora {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        for (name, value) in [("strength", &self.strength), ("strength_clip", &self.strength_clip)] {
            if let Some(value) = value {
                map.serialize_entry(name, &number(value))?;
            }
        }
        map.end()
    }
}

impl Serialize for Pass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let texts =
            [("sampler", &self.sampler), ("scheduler", &self.scheduler), ("schedule_node", &self.schedule_node)];
        let numbers = [
            ("steps", &self.steps),
            ("start_at_step", &self.start_at_step),
            ("end_at_step", &self.end_at_step),
            ("cfg", &self.cfg),
            ("cfg2", &self.cfg2),
            ("guidance", &self.guidance),
            ("denoise", &self.denoise),
        ];
        for (name, value) in texts.into_iter().chain([("seed", &self.seed)]) {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        for (name, value) in numbers {
            if let Some(value) = value {
                map.serialize_entry(name, &number(value))?;
            }
        }
        map.end()
    }
}

/// A list, where there is something in it.
fn some<M: SerializeMap, T: Serialize>(map: &mut M, name: &'static str, list: &Vec<T>) -> Result<(), M::Error> {
    if list.is_empty() { Ok(()) } else { map.serialize_entry(name, list) }
}

/// A number as it was written; a text where JSON has no such number.
fn number(written: &str) -> Value {
    let whole = written.parse::<u64>().map(Number::from).or_else(|_| written.parse::<i64>().map(Number::from)).ok();
    let number = whole.or_else(|| written.parse().ok().and_then(Number::from_f64));
    number.map_or_else(|| Value::String(written.to_owned()), Value::Number)
}
