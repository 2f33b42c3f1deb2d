//! Prompt graphs as ComfyUI's own templates have them: one sampler, LoRAs, Flux, a refiner, ControlNet, video, a song.

use serde_json::{Value, json};

const SUBJECTS: [&str; 8] = [
    "a lighthouse in a storm, oil on canvas",
    "rolling hills at dawn, mist, volumetric light",
    "portrait of a clockmaker, 85mm, shallow depth of field",
    "isometric city block, soft shadows",
    "一只戴着红色围巾的猫，水彩画",
    "macro photo of moss and dew <lora:add_detail:0.7>",
    "a paper boat on a river of ink",
    "brutalist library, overgrown, late afternoon",
];
const MODELS: [&str; 3] =
    ["sd_xl_base_1.0.safetensors", "flux1-dev-fp8.safetensors", "v1-5-pruned-emaonly.safetensors"];
const LORAS: [&str; 4] = [
    "detail/add_detail.safetensors",
    "styles/ink_wash_v2.safetensors",
    "lighting/golden-hour.safetensors",
    "水彩_风格.safetensors",
];
const SIZES: [(u32, u32); 4] = [(4, 4), (4, 6), (6, 4), (4, 7)];

/// What a run is built like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Plain,
    Loras,
    Flux,
    Refined,
    Controlled,
    Video,
    Song,
}

impl Shape {
    /// Of the `nth` run that makes a picture: half of them plain.
    pub fn of(nth: u32) -> Self {
        match nth % 8 {
            1 | 6 => Self::Loras,
            3 => Self::Flux,
            5 => Self::Refined,
            7 => Self::Controlled,
            _ => Self::Plain,
        }
    }

    /// The id of its workflow.
    pub fn id(self) -> String {
        format!("{:08x}-8434-427c-9ba4-8a18ddd4a863", 0x21b3_3f3f + 0x1357_9bdf * u32::from(self as u8))
    }

    /// The API prompt.
    pub fn prompt(self, nth: u32) -> Value {
        let mut graph = plain(nth);
        match self {
            Self::Plain => {}
            Self::Loras => add(&mut graph, loras(nth)),
            Self::Flux => graph = flux(nth),
            Self::Refined => add(&mut graph, refiner(nth)),
            Self::Controlled => add(&mut graph, control()),
            Self::Video => graph = video(nth),
            Self::Song => graph = song(nth),
        }
        graph
    }
}

/// What a run was asked to show.
pub fn subject(nth: u32) -> &'static str {
    SUBJECTS[nth as usize % SUBJECTS.len()]
}

/// Width and height, in quarters of the shorter side or more.
pub fn size(nth: u32) -> (u32, u32) {
    SIZES[nth as usize % SIZES.len()]
}

/// A 64-bit seed.
pub fn seed(nth: u32) -> u64 {
    u64::from(nth) * 715_827_882 + 156_680_208_700_286
}

fn node(class: &str, title: &str, inputs: &Value) -> Value {
    json!({"class_type": class, "inputs": inputs, "_meta": {"title": title}})
}

fn add(graph: &mut Value, nodes: Value) {
    if let (Some(graph), Value::Object(nodes)) = (graph.as_object_mut(), nodes) {
        graph.extend(nodes);
    }
}

fn plain(nth: u32) -> Value {
    let (width, height) = size(nth);
    let model = MODELS[nth as usize % MODELS.len()];
    json!({
        "3": sampler(nth, "4", ["6", "7"]),
        "4": node("CheckpointLoaderSimple", "Load Checkpoint", &json!({"ckpt_name": model})),
        "5": node("EmptyLatentImage", "Empty Latent Image", &json!({"width": width * 192, "height": height * 192, "batch_size": 1})),
        "6": node("CLIPTextEncode", "Positive", &json!({"text": subject(nth), "clip": ["4", 1]})),
        "7": node("CLIPTextEncode", "Negative", &json!({"text": "text, watermark, blurry", "clip": ["4", 1]})),
        "8": node("VAEDecode", "VAE Decode", &json!({"samples": ["3", 0], "vae": ["4", 2]})),
        "9": node("SaveImage", "Save Image", &json!({"filename_prefix": "ComfyUI", "images": ["8", 0]})),
    })
}

fn sampler(nth: u32, model: &str, [positive, negative]: [&str; 2]) -> Value {
    let inputs = json!({"seed": seed(nth), "steps": 20 + nth % 15, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0,
        "model": [model, 0], "positive": [positive, 0], "negative": [negative, 0], "latent_image": ["5", 0]});
    node("KSampler", "KSampler", &inputs)
}

fn loras(nth: u32) -> Value {
    let lora = |which: u32| LORAS[which as usize % LORAS.len()];
    let inputs = |name: &str, strength: f64, from: &str| json!({"lora_name": name, "strength_model": strength, "strength_clip": 1.0, "model": [from, 0], "clip": [from, 1]});
    json!({
        "3": sampler(nth, "11", ["6", "7"]),
        "10": node("LoraLoader", "Load LoRA", &inputs(lora(nth), 0.8, "4")),
        "11": node("LoraLoader", "Load LoRA", &inputs(lora(nth + 1), 0.45, "10")),
        "6": node("CLIPTextEncode", "Positive", &json!({"text": subject(nth), "clip": ["11", 1]})),
    })
}

fn flux(nth: u32) -> Value {
    let (width, height) = size(nth);
    json!({
        "5": node("EmptySD3LatentImage", "Empty Latent", &json!({"width": width * 256, "height": height * 256, "batch_size": 1})),
        "6": node("CLIPTextEncode", "Positive", &json!({"text": subject(nth), "clip": ["11", 0]})),
        "8": node("VAEDecode", "VAE Decode", &json!({"samples": ["13", 0], "vae": ["10", 0]})),
        "9": node("SaveImage", "Save Image", &json!({"filename_prefix": "flux", "images": ["8", 0]})),
        "10": node("VAELoader", "Load VAE", &json!({"vae_name": "ae.safetensors"})),
        "11": node("DualCLIPLoader", "Load CLIP", &json!({"clip_name1": "t5xxl_fp16.safetensors", "clip_name2": "clip_l.safetensors", "type": "flux"})),
        "12": node("UNETLoader", "Load Diffusion Model", &json!({"unet_name": "flux/flux1-dev.safetensors", "weight_dtype": "default"})),
        "13": node("SamplerCustomAdvanced", "Sampler", &json!({"noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0], "sigmas": ["17", 0], "latent_image": ["5", 0]})),
        "16": node("KSamplerSelect", "Select sampler", &json!({"sampler_name": "euler"})),
        "17": node("BasicScheduler", "Scheduler", &json!({"scheduler": "simple", "steps": 24, "denoise": 1.0, "model": ["12", 0]})),
        "22": node("BasicGuider", "Guider", &json!({"model": ["12", 0], "conditioning": ["26", 0]})),
        "25": node("RandomNoise", "Noise", &json!({"noise_seed": seed(nth)})),
        "26": node("FluxGuidance", "Guidance", &json!({"guidance": 3.5, "conditioning": ["6", 0]})),
    })
}

fn refiner(nth: u32) -> Value {
    let half = |model: &str, from: &str, start: u32, end: u32, noise: &str, texts: [&str; 2]| {
        json!({"add_noise": noise, "noise_seed": seed(nth), "steps": 30, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras",
            "start_at_step": start, "end_at_step": end, "return_with_leftover_noise": "enable",
            "model": [model, 0], "positive": [texts[0], 0], "negative": [texts[1], 0], "latent_image": [from, 0]})
    };
    json!({
        "3": node("KSamplerAdvanced", "Base", &half("4", "5", 0, 24, "enable", ["6", "7"])),
        "4": node("CheckpointLoaderSimple", "Load Base", &json!({"ckpt_name": MODELS[0]})),
        "12": node("CheckpointLoaderSimple", "Load Refiner", &json!({"ckpt_name": "sd_xl_refiner_1.0.safetensors"})),
        "13": node("KSamplerAdvanced", "Refiner", &half("12", "3", 24, 10_000, "disable", ["15", "16"])),
        "15": node("CLIPTextEncode", "Positive", &json!({"text": subject(nth), "clip": ["12", 1]})),
        "16": node("CLIPTextEncode", "Negative", &json!({"text": "text, watermark", "clip": ["12", 1]})),
        "8": node("VAEDecode", "VAE Decode", &json!({"samples": ["13", 0], "vae": ["12", 2]})),
    })
}

fn control() -> Value {
    json!({
        "3": node("KSampler", "KSampler", &json!({"seed": 7, "steps": 25, "cfg": 5, "sampler_name": "euler_ancestral", "scheduler": "normal", "denoise": 0.85,
            "model": ["4", 0], "positive": ["14", 0], "negative": ["14", 1], "latent_image": ["5", 0]})),
        "14": node("ControlNetApplyAdvanced", "Apply ControlNet", &json!({"strength": 0.9, "start_percent": 0.0, "end_percent": 0.8,
            "positive": ["6", 0], "negative": ["7", 0], "control_net": ["15", 0], "image": ["17", 0]})),
        "15": node("ControlNetLoader", "Load ControlNet", &json!({"control_net_name": "control_v11p_sd15_canny.pth"})),
        "17": node("LoadImage", "Load Image", &json!({"image": "pose.png"})),
        "18": node("UpscaleModelLoader", "Load Upscale Model", &json!({"model_name": "4x-UltraSharp.pth"})),
        "19": node("ImageUpscaleWithModel", "Upscale", &json!({"upscale_model": ["18", 0], "image": ["8", 0]})),
        "9": node("SaveImage", "Save Image", &json!({"filename_prefix": "ComfyUI", "images": ["19", 0]})),
    })
}

fn video(nth: u32) -> Value {
    let half = |model: &str, from: &str, start: u32, end: u32, noise: &str| {
        json!({"add_noise": noise, "noise_seed": seed(nth), "steps": 20, "cfg": 3.5, "sampler_name": "euler", "scheduler": "simple",
            "start_at_step": start, "end_at_step": end, "return_with_leftover_noise": "enable",
            "model": [model, 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": [from, 0]})
    };
    let shift = |from: &str| json!({"shift": 8, "model": [from, 0]});
    json!({
        "3": node("KSamplerAdvanced", "High noise", &half("54", "5", 0, 10, "enable")),
        "58": node("KSamplerAdvanced", "Low noise", &half("55", "3", 10, 10_000, "disable")),
        "37": node("UNETLoader", "High noise model", &json!({"unet_name": "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors", "weight_dtype": "default"})),
        "56": node("UNETLoader", "Low noise model", &json!({"unet_name": "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors", "weight_dtype": "default"})),
        "64": node("LoraLoaderModelOnly", "LoRA", &json!({"lora_name": "wan/camera_orbit_high.safetensors", "strength_model": 1.0, "model": ["37", 0]})),
        "54": node("ModelSamplingSD3", "Shift", &shift("64")),
        "55": node("ModelSamplingSD3", "Shift", &shift("56")),
        "38": node("CLIPLoader", "Load CLIP", &json!({"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"})),
        "39": node("VAELoader", "Load VAE", &json!({"vae_name": "wan_2.1_vae.safetensors"})),
        "5": node("EmptyHunyuanLatentVideo", "Latent", &json!({"width": 1280, "height": 704, "length": 81, "batch_size": 1})),
        "6": node("CLIPTextEncode", "Positive", &json!({"text": format!("{}, slow camera move", subject(nth)), "clip": ["38", 0]})),
        "7": node("CLIPTextEncode", "Negative", &json!({"text": "still picture, text, worst quality", "clip": ["38", 0]})),
        "8": node("VAEDecode", "VAE Decode", &json!({"samples": ["58", 0], "vae": ["39", 0]})),
        "57": node("CreateVideo", "Create Video", &json!({"fps": 16, "images": ["8", 0]})),
        "9": node("SaveVideo", "Save Video", &json!({"filename_prefix": "video/ComfyUI", "format": "auto", "codec": "auto", "video": ["57", 0]})),
    })
}

fn song(nth: u32) -> Value {
    let lyrics = "[verse]\nThe harbour sleeps below the hill\nA lantern turns, the night is still\n\n[chorus]\nTurn, light, turn";
    json!({
        "3": node("KSampler", "KSampler", &json!({"seed": seed(nth), "steps": 50, "cfg": 5, "sampler_name": "euler", "scheduler": "simple", "denoise": 1,
            "model": ["51", 0], "positive": ["14", 0], "negative": ["44", 0], "latent_image": ["17", 0]})),
        "14": node("TextEncodeAceStepAudio", "Tags and lyrics", &json!({"tags": "ambient, piano, female vocals, slow", "lyrics": lyrics, "lyrics_strength": 0.99, "clip": ["40", 1]})),
        "17": node("EmptyAceStepLatentAudio", "Latent", &json!({"seconds": 120, "batch_size": 1})),
        "18": node("VAEDecodeAudio", "Decode", &json!({"samples": ["3", 0], "vae": ["40", 2]})),
        "40": node("CheckpointLoaderSimple", "Load Checkpoint", &json!({"ckpt_name": "ace_step_v1_3.5b.safetensors"})),
        "44": node("ConditioningZeroOut", "Zero out", &json!({"conditioning": ["14", 0]})),
        "51": node("ModelSamplingSD3", "Shift", &json!({"shift": 5, "model": ["40", 0]})),
        "9": node("SaveAudio", "Save Audio", &json!({"filename_prefix": "audio/ComfyUI", "audio": ["18", 0]})),
    })
}
