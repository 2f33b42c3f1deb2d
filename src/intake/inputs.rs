//! Which files a prompt reads.
//!
//! ComfyUI doesn't say; `/object_info`, which marks upload widgets, is megabytes. Loaders are known by their class or the
//! name of the input, and files by their ending, so that a model's name isn't taken for a picture. Of a node that nobody
//! knows, whatever looks like a file's name is read if ComfyUI has it.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::names::{annotated, is_like_a_path, is_of_media};
use crate::json::{elements, members, unquote};
use crate::media;
use crate::model::{FileRef, Folder, MediaKind};

/// A file that a node reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    pub node_id: String,
    /// The name of its input.
    pub key: String,
    pub file: FileRef,
    /// The text that may be its name, where it isn't sure that the node reads a file.
    pub told: Option<String>,
}

/// Names of inputs that hold a file whatever the class of the node.
const FILE_INPUTS: [&str; 7] = ["image", "mask", "video", "audio", "file", "model_file", "upload"];

/// Words in the name of an input that names what is to be written.
const WRITTEN: [&str; 3] = ["prefix", "output", "save"];

/// The longest text that is taken for a file's name.
const LONGEST_NAME: usize = 1024;

/// The longest text that is taken for a list of names.
const LONGEST_LIST: usize = 64 * 1024;

/// How deep lists and objects are looked into.
const DEEPEST: usize = 6;

/// How names of files end that a node may read, and what newer versions of ComfyUI name a file by. A prompt without any of
/// these reads none, and most are like that.
static ENDINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let media = media::ENDINGS.iter().filter(|(kind, _)| *kind != MediaKind::Text).flat_map(|(_, endings)| *endings);
    let endings = media.copied().chain([LATENT]).flat_map(|ending| {
        let (first, rest) = ending.split_at(1);
        [format!(".{ending}"), format!(".{}", ending.to_uppercase()), format!(".{}{rest}", first.to_uppercase())]
    });
    AhoCorasick::new(endings.chain([HASHED.to_owned()])).expect("a hundred short patterns always build")
});

/// LoadLatent's files; no media that anybody could look at.
const LATENT: &str = "latent";

/// What the name of a file by its digest begins with (0.33).
const HASHED: &str = "blake3:";

/// Reads an API prompt. Each file once per node and input.
pub fn files_read(prompt: &str) -> Vec<InputFile> {
    let (mut found, mut known) = (Vec::new(), HashSet::new());
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
            let is_read = class.contains("load") || FILE_INPUTS.contains(&key.as_ref());
            if !is_read && WRITTEN.iter().any(|word| key.to_lowercase().contains(word)) {
                continue;
            }
            let mut files = Files { found: Vec::new(), is_read };
            files.look(value, 0);
            for (file, told) in files.found {
                if known.insert((node_id.clone(), key.clone(), file.clone())) {
                    found.push(InputFile { node_id: node_id.to_string(), key: key.to_string(), file, told });
                }
            }
        }
    }
    found
}

/// The files that an input names.
struct Files {
    found: Vec<(FileRef, Option<String>)>,
    /// Whether such an input names files for sure.
    is_read: bool,
}

impl Files {
    /// Looks into a value: a name, a list of names, an object with names in it as Load3D has it, or the JSON of one.
    fn look(&mut self, json: &str, depth: usize) {
        match json.as_bytes().first() {
            _ if depth > DEEPEST => {}
            Some(b'[') => elements(json).for_each(|item| self.look(item, depth + 1)),
            Some(b'{') => members(json).for_each(|(_, item)| self.look(item, depth + 1)),
            Some(b'"') => self.text(&unquote(json).unwrap_or_default(), depth),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, depth: usize) {
        let is_nested = text.starts_with(['[', '{']) && text.len() <= LONGEST_LIST;
        if is_nested && ENDINGS.is_match(text) {
            return self.look(text, depth + 1);
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if text.contains('\n') && text.len() <= LONGEST_LIST && lines.clone().all(|line| file(line).is_some()) {
            return lines.for_each(|line| self.name(line));
        }
        self.name(text);
    }

    fn name(&mut self, text: &str) {
        let Some(file) = file(text) else { return };
        if self.is_read || is_like_a_path(text) {
            self.found.push((file, (!self.is_read).then(|| text.to_owned())));
        }
    }
}

/// `photo.png`, `sub/photo.png`, `ComfyUI_00001_.png [output]`.
fn file(text: &str) -> Option<FileRef> {
    let (path, folder) = annotated(text, Folder::Input);
    if path.len() > LONGEST_NAME || path.contains('\n') || path.contains("://") {
        return None;
    }
    let is_name = is_of_media(path) || path.rsplit('.').next() == Some(LATENT) || path.starts_with(HASHED);
    is_name.then(|| FileRef::of_path(folder.as_str(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prompt: &str) -> Vec<String> {
        let found = files_read(prompt).into_iter();
        found
            .map(|i| {
                let (file, is_sure) = (&i.file, if i.told.is_some() { " perhaps" } else { "" });
                format!("{} {} {}|{}|{}{is_sure}", i.node_id, i.key, file.folder, file.subfolder, file.filename)
            })
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
            "5":null,"6":{"inputs":{"image":null}},
            "7":{"class_type":"Unknown","inputs":{"filename_prefix":"a.png","output_path":"b.png","style":"a photo.png"}}}"#;
        assert_eq!(read(prompt), Vec::<String>::new());
    }

    #[test]
    fn names_in_objects_lists_and_the_json_of_either_are_files_read() {
        let prompt = r#"{
            "1":{"class_type":"Load3D","inputs":{"model_file":"3d/t.glb","width":64,"image":{
                "image":"threed/scene-1.png [temp]","mask":"threed/scene_mask-1.png [temp]",
                "normal":"threed/scene_normal-1.png [temp]","recording":"","camera_info":{"position":{"x":1}}}}},
            "2":{"class_type":"LoadImagesFromList","inputs":{"list":"[\"a.png\",\"sub/b.png\"]","text":"c.png\nd e.png\n"}},
            "3":{"class_type":"LoadImage","inputs":{"image":"clipspace/clipspace-mask-9.png [input]"}},
            "4":{"class_type":"LoadImage","inputs":{"image":"blake3:ab12"}}}"#;
        let expected = [
            "1 model_file input|3d|t.glb",
            "1 image temp|threed|scene-1.png",
            "1 image temp|threed|scene_mask-1.png",
            "1 image temp|threed|scene_normal-1.png",
            "2 list input||a.png",
            "2 list input|sub|b.png",
            "2 text input||c.png",
            "2 text input||d e.png",
            "3 image input|clipspace|clipspace-mask-9.png",
            "4 image input||blake3:ab12",
        ];
        assert_eq!(read(prompt), expected);
    }

    #[test]
    fn what_looks_like_a_name_is_perhaps_read_by_a_node_that_nobody_knows() {
        let prompt = r#"{
            "1":{"class_type":"Unknown","inputs":{"reference":"face.png","style":"styles/oil paint.jpg","text":"see cat.png"}},
            "2":{"class_type":"Unknown","inputs":{"layers":[{"src":"a.webp","x":1},["b.webp"]],"link":["1",0]}}}"#;
        let expected = [
            "1 reference input||face.png perhaps",
            "1 style input|styles|oil paint.jpg perhaps",
            "2 layers input||a.webp perhaps",
            "2 layers input||b.webp perhaps",
        ];
        assert_eq!(read(prompt), expected);
    }
}
