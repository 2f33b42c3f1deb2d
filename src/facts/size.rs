//! How large, how long and how many: from the latent that a sampler starts from.

use std::borrow::Cow;

use super::eval::Eval;
use super::graph::Graph;
use super::known::KnownValue;
use super::nodes::{NodeIndex, Socket};
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
pub(super) struct LatentSize {
    pub width: Option<String>,
    pub height: Option<String>,
    pub length: Option<String>,
    pub seconds: Option<String>,
    pub batch: Option<String>,
}

/// The size of what a sampler makes; nothing where that is another picture's.
pub(super) fn of_sampler(graph: &Graph<'_>, sampler: NodeIndex) -> LatentSize {
    let mut size = LatentSize::default();
    if let Some((width, height)) = walk(graph, (sampler, 0), Some(&mut size), false) {
        (size.width, size.height) = (Some(width), Some(height));
    }
    size
}

/// Up from a latent or a picture to the node that says its size.
fn walk(
    graph: &Graph<'_>,
    mut at: Socket,
    mut size: Option<&mut LatentSize>,
    mut is_picture: bool,
) -> Option<(String, String)> {
    let mut factor = 1.0;
    let mut is_cut = false;
    for _ in 0..MOST_HOPS {
        let place = at.0;
        if !graph.step() {
            return None;
        }
        if let Some(size) = size.as_deref_mut() {
            note_times(graph, place, size);
        }
        match explicit(graph, place) {
            Explicit::Is(width, height) => {
                return Some((scaled(&width, factor, is_cut)?, scaled(&height, factor, is_cut)?));
            }
            Explicit::Unknown => return None,
            Explicit::No => {}
        }
        let own = factor_of(graph, place)?;
        // An encoder cuts off what is no whole eighth, where a latent that is scaled is rounded.
        is_cut |= is_picture && (own - 1.0).abs() > f64::EPSILON;
        factor *= own;
        (at, is_picture) = above(graph, place, is_picture)?;
    }
    None
}

fn note_times(graph: &Graph<'_>, place: NodeIndex, size: &mut LatentSize) {
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

fn explicit(graph: &Graph<'_>, place: NodeIndex) -> Explicit {
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
        if let Some((width, height)) = picked(graph, place, width, height) {
            return Explicit::Is(width, height);
        }
        match (graph.number(place, width).filter(is_size), graph.number(place, height).filter(is_size)) {
            (Some(width), Some(height)) => return Explicit::Is(width, height),
            // An override of 0 is none.
            _ if width.ends_with("override") => {}
            _ => return Explicit::Unknown,
        }
    }
    Explicit::No
}

/// What a picker of sizes picked, of which a node reads one output as its width and the next as its height.
fn picked(graph: &Graph<'_>, place: NodeIndex, width: &str, height: &str) -> Option<(String, String)> {
    let ((picker, first), (same, second)) = (graph.link(place, width)?, graph.link(place, height)?);
    let is_pair = picker == same && second == first + 1 && graph.step();
    match is_pair.then(|| preset(graph, picker))? {
        Explicit::Is(width, height) => Some((width, height)),
        _ => None,
    }
}

/// A choice that names the pixels; numbers beside it count only when the choice says so.
fn preset(graph: &Graph<'_>, place: NodeIndex) -> Explicit {
    const NAMES: [&str; 6] = ["resolution", "dimensions", "size", "ratio_selected", "aspect_ratio", "preset"];
    let is_overridden = graph.number(place, "width_override").is_some_and(|width| width != "0");
    let Some(text) = NAMES.iter().find_map(|name| graph.text(place, name)).filter(|_| !is_overridden) else {
        return Explicit::No;
    };
    let is_swapped = graph.flag(place, "swap_dimensions") == Some(true);
    match of_text(&text) {
        Some((width, height)) => {
            let (width, height) = if is_swapped { (height, width) } else { (width, height) };
            match (prescaled(graph, place, &width), prescaled(graph, place, &height)) {
                (Some(width), Some(height)) => Explicit::Is(width, height),
                _ => Explicit::Unknown,
            }
        }
        None if graph.has(place, "aspect_ratio") && !text.to_ascii_lowercase().contains("custom") => Explicit::Unknown,
        None => Explicit::No,
    }
}

/// Comfyroll's pickers enlarge what was picked.
fn prescaled(graph: &Graph<'_>, place: NodeIndex, pixels: &str) -> Option<String> {
    if !graph.has(place, "prescale_factor") {
        return Some(pixels.to_owned());
    }
    let factor: f64 = graph.number(place, "prescale_factor")?.parse().ok()?;
    Some(format!("{:.0}", (pixels.parse::<f64>().ok()? * factor).floor()))
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
fn factor_of(graph: &Graph<'_>, place: NodeIndex) -> Option<f64> {
    let word = graph.folded_class(place);
    let is_upscale = word.contains("upscale") || word.contains("upsampl");
    let names: &[&str] =
        if is_upscale { &["scale_by", "upscale_by", "factor", "upscale_factor"] } else { &["scale_by"] };
    if let Some(by) = names.iter().find(|name| graph.has(place, name)) {
        return graph.number(place, by)?.parse().ok().filter(|factor| (0.01..=32.0).contains(factor));
    }
    if let (true, Some((model, _))) = (is_upscale, graph.link(place, "upscale_model")) {
        return of_upscaler(&graph.text(model, "model_name")?);
    }
    // One that hands on what is wanted too changes no size; `LTXVCropGuides` crops in time.
    if graph.has(place, "positive") {
        return Some(1.0);
    }
    let changes_it = ["upscale", "upsampl", "scale", "crop", "pad", "resize", "rotate", "stitch"];
    (!changes_it.iter().any(|part| word.contains(part))).then_some(1.0)
}

/// `ltx-2-spatial-upscaler-x2-1.0.safetensors`, `RealESRGAN_x2plus.pth`, `2x-PSNR.pth`: 2. One that only adds frames
/// changes no size.
fn of_upscaler(name: &str) -> Option<f64> {
    if name.contains("temporal") {
        return Some(1.0);
    }
    let is_times = |factor: &f64| (1.0..=8.0).contains(factor);
    let file = name.rsplit(['/', '\\']).next()?;
    let first = file.split(['x', 'X']).next().filter(|digits| digits.len() == 1 && file.len() > 1);
    let behind = || {
        let at = file.rfind("-x").or_else(|| file.rfind("_x"))?;
        let digits: String = file[at + 2..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        digits.trim_end_matches('.').parse().ok()
    };
    first.and_then(|digits| digits.parse().ok()).or_else(behind).filter(is_times)
}

fn scaled(pixels: &str, factor: f64, is_cut: bool) -> Option<String> {
    if (factor - 1.0).abs() < f64::EPSILON {
        return Some(pixels.to_owned());
    }
    // A latent has an eighth of the pixels, or less: where they are no whole ones each model rounds in its own way.
    let pixels: f64 = pixels.parse().ok().filter(|pixels| pixels % 8.0 == 0.0)?;
    let eighths = pixels * factor / 8.0;
    let whole = if is_cut { eighths.floor() } else { eighths.round_ties_even() };
    Some(format!("{:.0}", whole * 8.0))
}

/// Where a node takes its latent or picture from, and whether it is a picture.
fn above(graph: &Graph<'_>, place: NodeIndex, is_picture: bool) -> Option<(Socket, bool)> {
    let picture = || graph.first_link(place, &IMAGES).map(|socket| (socket, true));
    let class = graph.class(place);
    if let Some(latent) = graph.first_link(place, &LATENTS).filter(|_| !class.starts_with("VAEEncode") && !is_picture) {
        return Some((latent, false));
    }
    if sampler::is_sampler(graph, place) {
        let latent = graph.first_link(place, &LATENTS).map(|latent| (latent, false));
        return latent.or_else(|| in_bundle(graph, place, false)).or_else(picture);
    }
    if let Some(bundled) = in_bundle(graph, place, is_picture) {
        return Some(bundled);
    }
    let hands_on = [
        "VAEEncode",
        "InpaintModelConditioning",
        "InstructPixToPix",
        "ImageScaleBy",
        "ImageInvert",
        "LTXVPreprocess",
        "Canny",
        "ImageUpscaleWithModel",
        "PreviewBridge",
        "GetImageSize",
        "ReActor",
        "FaceRestore",
        "ColorMatch",
    ];
    if hands_on.iter().any(|word| class.contains(word)) {
        return picture();
    }
    if let Some(latent) = graph.first_link(place, &LATENTS) {
        return Some((latent, false));
    }
    passed(graph, place).map(|socket| (socket, is_picture))
}

/// The latent or picture in a pipe or a context; a loader that makes the latent holds it itself.
fn in_bundle(graph: &Graph<'_>, place: NodeIndex, is_picture: bool) -> Option<(Socket, bool)> {
    const LATENT: [&str; 4] = ["latent", "latent_image", "samples", "empty_latent_width"];
    let class = graph.folded_class(place);
    let is_bundle =
        class.contains("context") || class.contains("pipe") || sampler::bundles(graph, place).next().is_some();
    let names: &[&str] = if is_picture { &IMAGES[1..3] } else { &LATENT };
    let holder = is_bundle.then(|| sampler::holder(graph, place, names)).flatten()?;
    let socket = graph.first_link(holder, names).or((holder != place).then_some((holder, 0)))?;
    Some((socket, is_picture))
}

/// What a node is given that does nothing with it: it clears the memory or waits.
fn passed(graph: &Graph<'_>, place: NodeIndex) -> Option<Socket> {
    const NAMES: [&str; 5] = ["anything", "any", "any_input", "value", "image_pass"];
    let mut links = graph.links(place);
    let (name, socket) = links.next()?;
    (NAMES.contains(&name) && links.next().is_none()).then_some(socket)
}

/// What a node that speaks of sizes gives out; `None` when it is another kind of node.
pub(super) fn given<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<Option<KnownValue<'a>>> {
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
            [width, height].into_iter().nth(side).map(|side| Some(KnownValue::Number(Cow::Owned(side))))
        }
        _ => None,
    }
}

/// So many pixels in that shape, each side a multiple (ComfyUI's `ResolutionSelector`).
fn selected<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<KnownValue<'a>> {
    let ratio = eval.text(place, "aspect_ratio")?;
    let (across, down) = ratio.split_whitespace().next()?.split_once(':')?;
    let (across, down): (f64, f64) = (across.parse().ok()?, down.parse().ok()?);
    let pixels = eval.input(place, "megapixels")?.float()? * 1024.0 * 1024.0;
    let multiple = eval.input(place, "multiple").and_then(|number| number.float()).unwrap_or(8.0);
    let scale = (pixels / (across * down)).sqrt();
    let side = [across, down].get(output)? * scale / multiple;
    KnownValue::of(side.round_ties_even() * multiple)
}

/// Of a picture that a node of the graph brings to a size.
fn of_image<'a>(graph: &Graph<'a>, place: NodeIndex, output: usize) -> Option<KnownValue<'a>> {
    let (image, _) = graph.link(place, "image")?;
    let (width, height) = walk(graph, (image, 0), None, true)?;
    [width, height].into_iter().nth(output).map(|side| KnownValue::Number(Cow::Owned(side)))
}
