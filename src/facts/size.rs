//! How large, how long and how many: from the latent that a sampler starts from.

use std::borrow::Cow;

use super::eval::{Eval, Known};
use super::graph::{Graph, Place, Socket};
use super::sampler;

/// Nodes between a sampler and where its size is written.
const MOST_HOPS: usize = 48;

/// Where a node that hands a latent on takes it from, the surest first.
const LATENTS: [&str; 14] = [
    "latent_image",
    "samples",
    "latent",
    "video_latent",
    "av_latent",
    "latents",
    "image_embeds",
    "embeds",
    "optional_latent",
    "audio_latent",
    "latent_samples",
    "samples1",
    "samples_to",
    "LATENT",
];

/// Where a node takes a picture from.
const IMAGES: [&str; 4] = ["pixels", "image", "images", "input"];

/// What a sampler starts from. Values as they were written.
#[derive(Debug, Default)]
pub(super) struct Size {
    pub width: Option<String>,
    pub height: Option<String>,
    pub length: Option<String>,
    pub seconds: Option<String>,
    pub batch: Option<String>,
}

/// The size of what a sampler makes; nothing where that is another picture's.
pub(super) fn of_sampler(graph: &Graph<'_>, sampler: Place) -> Size {
    let mut size = Size::default();
    if let Some((width, height)) = walk(graph, (sampler, 0), Some(&mut size)) {
        (size.width, size.height) = (Some(width), Some(height));
    }
    size
}

/// Up from a latent or a picture to the node that says its size.
fn walk(graph: &Graph<'_>, mut at: Socket, mut size: Option<&mut Size>) -> Option<(String, String)> {
    let mut factor = 1.0;
    for _ in 0..MOST_HOPS {
        let place = at.0;
        if !graph.step() {
            return None;
        }
        if let Some(size) = size.as_deref_mut() {
            note_times(graph, place, size);
        }
        match explicit(graph, place) {
            Explicit::Is(width, height) => return Some((scaled(width, factor)?, scaled(height, factor)?)),
            Explicit::Unknown => return None,
            Explicit::No => {}
        }
        factor *= factor_of(graph, place)?;
        at = above(graph, place)?;
    }
    None
}

fn note_times(graph: &Graph<'_>, place: Place, size: &mut Size) {
    let more_than_one = |number: Option<String>| number.filter(|number| number != "1" && !number.starts_with('-'));
    let number = |names: &[&str]| more_than_one(graph.first_number(place, names));
    size.length = size.length.take().or_else(|| number(&["length", "video_frames", "num_frames", "frames"]));
    size.batch = size.batch.take().or_else(|| number(&["batch_size"]));
    size.seconds = size.seconds.take().or_else(|| number(&["seconds"]));
}

/// What a node says of the size of what it gives.
enum Explicit {
    Is(String, String),
    /// It sets a size that is known only at run time.
    Unknown,
    /// It takes it from what it gets.
    No,
}

fn explicit(graph: &Graph<'_>, place: Place) -> Explicit {
    const NAMES: [(&str, &str); 6] = [
        ("width", "height"),
        ("empty_latent_width", "empty_latent_height"),
        ("target_width", "target_height"),
        ("resize_type.width", "resize_type.height"),
        ("width_override", "height_override"),
        ("latent_width", "latent_height"),
    ];
    match preset(graph, place) {
        Explicit::No => {}
        said => return said,
    }
    let is_size = |number: &String| number.parse::<f64>().is_ok_and(|number| number > 0.0);
    for (width, height) in NAMES.iter().filter(|(width, height)| graph.has(place, width) && graph.has(place, height)) {
        match (graph.number(place, width).filter(is_size), graph.number(place, height).filter(is_size)) {
            (Some(width), Some(height)) => return Explicit::Is(width, height),
            // An override of 0 is none.
            _ if width.ends_with("override") => {}
            _ => return Explicit::Unknown,
        }
    }
    Explicit::No
}

/// A choice that names the pixels; numbers beside it count only when the choice says so.
fn preset(graph: &Graph<'_>, place: Place) -> Explicit {
    const NAMES: [&str; 6] = ["resolution", "dimensions", "size", "ratio_selected", "aspect_ratio", "preset"];
    let is_overridden = graph.number(place, "width_override").is_some_and(|width| width != "0");
    let Some(text) = NAMES.iter().find_map(|name| graph.text(place, name)).filter(|_| !is_overridden) else {
        return Explicit::No;
    };
    let is_swapped = graph.flag(place, "swap_dimensions") == Some(true);
    match of_text(&text) {
        Some((width, height)) if is_swapped => Explicit::Is(height, width),
        Some((width, height)) => Explicit::Is(width, height),
        None if graph.has(place, "aspect_ratio") && !text.to_ascii_lowercase().contains("custom") => Explicit::Unknown,
        None => Explicit::No,
    }
}

/// `1024x1024`, `2560x1440 (16:9)`, `5:8 portrait 832 x 1216`, `1280*720`, `1280:720`; a ratio is no size.
pub(super) fn of_text(text: &str) -> Option<(String, String)> {
    let is_size = |number: &str| number.parse::<u32>().is_ok_and(|pixels| (64..=65_536).contains(&pixels));
    text.match_indices(['x', '×', '*', ':', 'X']).find_map(|(at, sign)| {
        let (before, after) = (text[..at].trim_end(), text[at + sign.len()..].trim_start());
        let width = &before[before.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
        let height = &after[..after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())];
        (is_size(width) && is_size(height)).then(|| (width.to_owned(), height.to_owned()))
    })
}

/// How many times as large as what it gets a node's picture is; `None` when that is known only at run time.
fn factor_of(graph: &Graph<'_>, place: Place) -> Option<f64> {
    let class = graph.class(place);
    if let Some(by) = ["scale_by", "upscale_by"].iter().find(|name| graph.has(place, name)) {
        return graph.number(place, by)?.parse().ok().filter(|factor| (0.01..=32.0).contains(factor));
    }
    if let (true, Some((model, _))) = (class.contains("Upsampl"), graph.link(place, "upscale_model")) {
        return of_upscaler(&graph.text(model, "model_name")?);
    }
    // One that hands on what is wanted too changes no size; `LTXVCropGuides` crops in time.
    if graph.has(place, "positive") {
        return Some(1.0);
    }
    let word = class.to_ascii_lowercase();
    let changes_it =
        ["upscale", "scale", "crop", "pad", "resize", "rotate", "stitch"].iter().any(|part| word.contains(part));
    (!changes_it).then_some(1.0)
}

/// `ltx-2-spatial-upscaler-x2-1.0.safetensors`: 2. One that only adds frames changes no size.
fn of_upscaler(name: &str) -> Option<f64> {
    if name.contains("temporal") {
        return Some(1.0);
    }
    let at = name.rfind("-x").or_else(|| name.rfind("_x"))?;
    let digits: String = name[at + 2..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.trim_end_matches('.').parse().ok().filter(|factor| (1.0..=8.0).contains(factor))
}

fn scaled(pixels: String, factor: f64) -> Option<String> {
    if (factor - 1.0).abs() < f64::EPSILON {
        return Some(pixels);
    }
    // A latent has an eighth of the pixels.
    let wanted = (pixels.parse::<f64>().ok()? / 8.0 * factor).round() * 8.0;
    Some(format!("{wanted:.0}"))
}

/// Where a node takes its latent or picture from.
fn above(graph: &Graph<'_>, place: Place) -> Option<Socket> {
    let encodes = graph.class(place).starts_with("VAEEncode");
    if let Some(latent) = graph.first_link(place, &LATENTS).filter(|_| !encodes) {
        return Some(latent);
    }
    if sampler::is_sampler(graph, place) {
        let bundle = sampler::holder(graph, place, &["latent", "latent_image", "samples", "empty_latent_width"]);
        let from_bundle = bundle
            .filter(|holder| *holder != place)
            .and_then(|holder| graph.first_link(holder, &["latent", "latent_image", "samples"]).or(Some((holder, 0))));
        return from_bundle.or_else(|| graph.first_link(place, &IMAGES));
    }
    let hands_on = [
        "VAEEncode",
        "InpaintModelConditioning",
        "InstructPixToPix",
        "ImageScaleBy",
        "ImageInvert",
        "LTXVPreprocess",
        "Canny",
    ];
    let is_picture = hands_on.iter().any(|class| graph.class(place).contains(class));
    if is_picture { graph.first_link(place, &IMAGES) } else { None }
}

/// What a node that speaks of sizes gives out; `None` when it is another kind of node.
pub(super) fn given<'a>(eval: &Eval<'_, 'a>, place: Place, output: usize) -> Option<Option<Known<'a>>> {
    let graph = eval.graph;
    match graph.class(place) {
        "ResolutionSelector" => Some(selected(eval, place, output)),
        "GetImageSize" => Some(of_image(graph, place, output)),
        "WanCameraEmbedding" => {
            let name = ["", "width", "height", "length"].get(output)?;
            Some(eval.input(place, name))
        }
        class if ["Size", "Resolution", "Dimension", "Aspect", "Width"].iter().any(|word| class.contains(word)) => {
            // Those that make a latent too give it first.
            let side = output.checked_sub(usize::from(class.contains("Latent")))?;
            let Explicit::Is(width, height) = explicit(graph, place) else { return None };
            [width, height].into_iter().nth(side).map(|side| Some(Known::Number(Cow::Owned(side))))
        }
        _ => None,
    }
}

/// So many pixels in that shape, each side a multiple (ComfyUI's `ResolutionSelector`).
fn selected<'a>(eval: &Eval<'_, 'a>, place: Place, output: usize) -> Option<Known<'a>> {
    let ratio = eval.text(place, "aspect_ratio")?;
    let (across, down) = ratio.split_whitespace().next()?.split_once(':')?;
    let (across, down): (f64, f64) = (across.parse().ok()?, down.parse().ok()?);
    let pixels = eval.input(place, "megapixels")?.float()? * 1024.0 * 1024.0;
    let multiple = eval.input(place, "multiple").and_then(|number| number.float()).unwrap_or(8.0);
    let scale = (pixels / (across * down)).sqrt();
    let side = [across, down].get(output)? * scale / multiple;
    Known::of(side.round_ties_even() * multiple)
}

/// Of a picture that a node of the graph brings to a size.
fn of_image<'a>(graph: &Graph<'a>, place: Place, output: usize) -> Option<Known<'a>> {
    let (image, _) = graph.link(place, "image")?;
    let (width, height) = walk(graph, (image, 0), None)?;
    [width, height].into_iter().nth(output).map(|side| Known::Number(Cow::Owned(side)))
}
