//! Which files a prompt reads.
//!
//! ComfyUI doesn't say; `/object_info`, which marks upload widgets, is megabytes. Loaders are known by their class or the
//! name of the input, and files by their ending, so that a model's name isn't taken for a picture.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::json::{elements, members, unquote};
use crate::media;
use crate::model::{FileRef, MediaKind};

/// A file that a node reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The node.
    pub node_id: String,
    /// The name of its input.
    pub key: String,
    /// The file.
    pub file: FileRef,
}

/// Names of inputs that hold a file whatever the class of the node.
const FILE_INPUTS: [&str; 7] = ["image", "mask", "video", "audio", "file", "model_file", "upload"];

/// The longest text that is taken for a file's name.
const LONGEST_NAME: usize = 1024;

/// How names of files end that a node may read. A prompt without any of these reads none, and most are like that.
static ENDINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let media = media::ENDINGS.iter().filter(|(kind, _)| *kind != MediaKind::Text).flat_map(|(_, endings)| *endings);
    let endings = media.copied().chain([LATENT]).flat_map(|ending| {
        let (first, rest) = ending.split_at(1);
        [format!(".{ending}"), format!(".{}", ending.to_uppercase()), format!(".{}{rest}", first.to_uppercase())]
    });
    AhoCorasick::new(endings).expect("a hundred short patterns always build")
});

/// LoadLatent's files; no media that anybody could look at.
const LATENT: &str = "latent";

/// Reads an API prompt. Each file once per node and input.
pub fn files_read(prompt: &str) -> Vec<InputFile> {
    let mut found = Vec::new();
    if !ENDINGS.is_match(prompt) {
        return found;
    }
    for (node_id, node) in members(prompt) {
        let (mut class, mut inputs) = (None, "");
        for (key, value) in members(node) {
            match key.as_ref() {
                "class_type" => class = unquote(value),
                "inputs" => inputs = value,
                _ => {}
            }
        }
        let class = class.unwrap_or_default().to_lowercase();
        if class.contains("save") {
            continue;
        }
        for (key, value) in members(inputs) {
            if !class.contains("load") && !FILE_INPUTS.contains(&key.as_ref()) {
                continue;
            }
            let mut push = |value: &str| {
                if let Some(file) = file(value) {
                    found.push(InputFile {
                        node_id: node_id.clone().into_owned(),
                        key: key.clone().into_owned(),
                        file,
                    });
                }
            };
            if value.starts_with('[') { elements(value).for_each(&mut push) } else { push(value) }
        }
    }
    found
}

/// `photo.png`, `sub/photo.png`, `ComfyUI_00001_.png [output]`.
fn file(json: &str) -> Option<FileRef> {
    let text = unquote(json)?;
    let (path, folder) = match text.rsplit_once(" [") {
        Some((path, "output]")) => (path, "output"),
        Some((path, "temp]")) => (path, "temp"),
        Some((path, "input]")) => (path, "input"),
        _ => (text.as_ref(), "input"),
    };
    let is_media =
        !matches!(media::guess(path), MediaKind::Other | MediaKind::Text) || path.rsplit('.').next() == Some(LATENT);
    if !is_media || path.len() > LONGEST_NAME || path.contains('\n') || path.contains("://") {
        return None;
    }
    let (subfolder, filename) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
    // What is left of an absolute path must go on being one.
    let subfolder = if subfolder.is_empty() && path.len() > filename.len() { "/" } else { subfolder };
    Some(FileRef { folder: folder.into(), subfolder: subfolder.into(), filename: filename.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prompt: &str) -> Vec<String> {
        let found = files_read(prompt).into_iter();
        found
            .map(|i| format!("{} {} {}|{}|{}", i.node_id, i.key, i.file.folder, i.file.subfolder, i.file.filename))
            .collect()
    }

    #[test]
    fn files_of_loaders_are_found_wherever_they_lie() {
        let prompt = r#"{
            "1":{"class_type":"LoadImage","inputs":{"image":"photo.png"}},
            "2":{"class_type":"LoadImageMask","inputs":{"image":"clip/we ird.png [temp]","channel":"alpha"}},
            "3":{"class_type":"VHS_LoadVideo","inputs":{"video":"a\\b.mp4","frame_load_cap":0}},
            "4":{"class_type":"Custom","inputs":{"audio":"x.flac [output]","image":["1",0]}},
            "5":{"class_type":"LoadImages","inputs":{"files":["a.png","b.webp"]}},
            "6":{"class_type":"VHS_LoadVideoPath","inputs":{"video":"/home/a.mp4"}}}"#;
        let expected = [
            "1 image input||photo.png",
            "2 image temp|clip|we ird.png",
            "3 video input|a|b.mp4",
            "4 audio output||x.flac",
            "5 files input||a.png",
            "5 files input||b.webp",
            "6 video input|/home|a.mp4",
        ];
        assert_eq!(read(prompt), expected);
    }

    #[test]
    fn models_texts_and_what_is_saved_are_not_files_read() {
        let prompt = r#"{
            "1":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"v1-5.safetensors"}},
            "2":{"class_type":"CLIPTextEncode","inputs":{"text":"a photo.png"}},
            "3":{"class_type":"SaveImage","inputs":{"filename_prefix":"x.png","image":"y.png"}},
            "4":{"class_type":"LoadImageFromUrl","inputs":{"image":"https://example.org/a.png"}},
            "5":null,"6":{"inputs":{"image":null}}}"#;
        assert_eq!(read(prompt), Vec::<String>::new());
    }
}
