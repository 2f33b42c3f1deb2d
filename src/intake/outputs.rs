//! What the nodes of a run gave: the files that they name, and what they showed to be read.
//!
//! ComfyUI makes a list of whatever a node returns under a key, and hands it on as it is: files as objects, names as bare
//! texts, texts as the list of their letters, numbers, objects of any kind. ComfyUI's own JSON is kept beside this.

use std::collections::HashMap;

use super::keys::{is_for_machines, is_of_files, is_read, is_value};
use super::names;
use crate::json::{elements, members, unquote};
use crate::media;
use crate::model::{FileRef, Folder, MediaKind};

/// The longest text that is kept by itself, in bytes; all of a longer one is in the result document.
const LONGEST_TEXT: usize = 1024 * 1024;

/// Texts that are kept of one key of a node.
const MOST_TEXTS: usize = 1000;

/// How deep lists and objects are looked into.
const DEEPEST: usize = 8;

/// From how many bytes on a text without a gap, of nothing but base64's letters, is bytes and no text.
const SHORTEST_BYTES: usize = 256;

/// One thing that a node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputItem {
    /// The node.
    pub node_id: String,
    /// `images`, `gifs`, `audio`, `text` …
    pub key: String,
    /// What it is.
    pub content: Given,
}

/// What a node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A file.
    File(FileRef),
    /// A text that may be the name of a file: the file, and the text.
    Named(FileRef, String),
    /// A text to be read.
    Text(String),
}

/// Reads `outputs` of a history entry, in its order. Flags, nulls, and what can neither be read nor looked at are passed
/// over: they are kept in the document.
pub fn node_outputs(outputs: &str) -> Vec<OutputItem> {
    let mut found = Vec::new();
    for (node_id, kinds) in members(outputs) {
        // The files that the node named under the keys before, and where they are in `found`.
        let mut known = HashMap::new();
        for (key, value) in members(kinds) {
            let mut of_key = OfKey { items: Vec::new(), texts: 0 };
            of_key.read(&key, value, 0);
            let before = found.len();
            add(&mut found, &known, &node_id, &key, of_key.items);
            let new = found.iter().enumerate().skip(before);
            known.extend(new.filter_map(|(place, item)| Some((item.content.file()?.tidied(), place))));
        }
    }
    found
}

/// Adds what stands under a key, but for files that the node named under another key already.
fn add(found: &mut Vec<OutputItem>, known: &HashMap<FileRef, usize>, node_id: &str, key: &str, items: Vec<Given>) {
    for content in items {
        let before = content.file().and_then(|file| known.get(&file.tidied())).copied();
        match (before, content) {
            // An object tells more of a file than its bare name.
            (Some(place), file @ Given::File(_)) if matches!(found[place].content, Given::Named(..)) => {
                found[place].content = file;
            }
            (Some(_), Given::Named(_, text)) if is_read(key) => push(found, node_id, key, Given::Text(text)),
            (Some(_), _) => {}
            (None, content) => push(found, node_id, key, content),
        }
    }
}

fn push(found: &mut Vec<OutputItem>, node_id: &str, key: &str, content: Given) {
    found.push(OutputItem { node_id: node_id.to_owned(), key: key.to_owned(), content });
}

impl Given {
    fn file(&self) -> Option<&FileRef> {
        match self {
            Self::File(file) | Self::Named(file, _) => Some(file),
            Self::Text(_) => None,
        }
    }
}

/// What stands under one key of a node.
struct OfKey {
    items: Vec<Given>,
    texts: usize,
}

impl OfKey {
    fn read(&mut self, key: &str, value: &str, depth: usize) {
        match value.as_bytes().first() {
            _ if depth > DEEPEST => {}
            Some(b'[') => match letters(value) {
                Some(text) => self.text(key, text),
                None => elements(value).for_each(|item| self.read(key, item, depth + 1)),
            },
            Some(b'{') => self.object(key, value, depth),
            Some(b'"') => self.text(key, unquote(value).unwrap_or_default().into_owned()),
            Some(b'n') | None => {}
            Some(_) if is_value(key) => self.push_text(value.to_owned()),
            Some(_) => {}
        }
    }

    fn object(&mut self, key: &str, object: &str, depth: usize) {
        if let Some(file) = file(object) {
            return self.items.push(Given::File(file));
        }
        let before = self.items.len();
        for (name, value) in members(object) {
            if is_read(&name) {
                self.read(&name, value, depth + 1);
            } else if is_of_files(&name) {
                let files = self.files(&name, value, depth);
                self.items.extend(files);
            }
        }
        // Where a text is expected, an object of nothing but texts is to be read as well: {"positive": …, "mood": …}.
        if self.items.len() == before && is_read(key) {
            for (_, value) in members(object).filter(|(name, value)| value.starts_with('"') && !is_for_machines(name)) {
                self.read(key, value, depth + 1);
            }
        }
    }

    /// What is named below a name that tells of files: an address there, or a model's title, is for nobody to read.
    fn files(&self, key: &str, value: &str, depth: usize) -> Vec<Given> {
        let mut below = Self { items: Vec::new(), texts: self.texts };
        below.read(key, value, depth + 1);
        below.items.retain(|given| given.file().is_some());
        below.items
    }

    fn text(&mut self, key: &str, text: String) {
        // Pictures may be given by their bytes; that is no text to read.
        if text.trim().is_empty() || is_encoded(&text) {
            return;
        }
        match names::named(&text, Folder::Output).filter(|_| !is_read(key) || names::is_like_a_path(text.trim())) {
            Some(file) => self.items.push(Given::Named(file, text)),
            None => self.push_text(text),
        }
    }

    fn push_text(&mut self, mut text: String) {
        if text.len() > LONGEST_TEXT {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
        }
        if self.texts < MOST_TEXTS {
            self.items.push(Given::Text(text));
        }
        self.texts += 1;
    }
}

/// The text that ComfyUI took apart: a node gave it bare where a list is expected, and got the list of its letters.
fn letters(list: &str) -> Option<String> {
    let mut text = String::new();
    let mut count = 0;
    for item in elements(list) {
        let letter = unquote(item)?;
        let mut chars = letter.chars();
        text.push(chars.next()?);
        if chars.next().is_some() {
            return None;
        }
        count += 1;
    }
    (count > 1).then_some(text)
}

/// A file as most nodes give it.
fn file(object: &str) -> Option<FileRef> {
    let field = |name: &str| {
        members(object).find(|(key, _)| key == name).and_then(|(_, value)| unquote(value)).map(String::from)
    };
    let (folder, subfolder) = (field("type"), field("subfolder").unwrap_or_default());
    let filename = field("filename").filter(|name| !name.is_empty())?;
    Some(FileRef { folder: folder.unwrap_or_else(|| Folder::Output.as_str().into()), subfolder, filename })
}

/// Whether a text that names a file of this name under this key names it for sure, so that it is missing where it can't
/// be had. Any other text is a text then.
pub fn is_surely_a_name(key: &str, text: &str) -> bool {
    !is_read(key) && names::is_of_media(names::annotated(text.trim(), Folder::Output).0) && names::is_like_a_path(text)
}

/// Whether a text is bytes: a `data:` URL, or base64 that begins as a file does or is too long for a word.
fn is_encoded(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with("data:") && text.contains(',') {
        return true;
    }
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    let is_unbroken = |byte: u8| of_base64(byte) || matches!(byte, b'\r' | b'\n');
    if text.len() < 24 || !text.bytes().take(SHORTEST_BYTES).all(of_base64) || !text.bytes().all(is_unbroken) {
        return false;
    }
    text.len() >= SHORTEST_BYTES || begins_as_file(text)
}

/// Whether base64 begins as a picture, a video, a sound or a model does.
fn begins_as_file(text: &str) -> bool {
    use base64::Engine as _;
    let head = &text.as_bytes()[..24];
    let head = base64::engine::general_purpose::STANDARD_NO_PAD.decode(head).unwrap_or_default();
    !matches!(media::sniff(&head, "").0, MediaKind::Text | MediaKind::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(outputs: &str) -> Vec<String> {
        let shown = |item: OutputItem| match item.content {
            Given::File(file) => format!("{}: {}|{}|{}", item.key, file.folder, file.subfolder, file.filename),
            Given::Named(file, _) => {
                format!("{}: perhaps {}|{}|{}", item.key, file.folder, file.subfolder, file.filename)
            }
            Given::Text(text) => format!("{}: {text:?}", item.key),
        };
        node_outputs(outputs).into_iter().map(shown).collect()
    }

    /// What one node gave.
    fn of_node(given: &str) -> Vec<String> {
        read(&format!(r#"{{"1": {given}}}"#))
    }

    /// A text as ComfyUI takes it apart.
    fn apart(text: &str) -> String {
        serde_json::Value::from_iter(text.chars().map(String::from)).to_string()
    }

    #[test]
    fn what_nodes_of_many_packs_give_is_read() {
        for (given, expected) in [
            // Files as objects.
            (
                r#"{"images":[{"filename":"b.png","subfolder":"..\\x","type":"temp"}],"animated":[true]}"#,
                &["images: temp|..\\x|b.png"][..],
            ),
            (r#"{"images":[{"filename":"a.png"}]}"#, &["images: output||a.png"]),
            (r#"{"images":[{"filename":"a.png","subfolder":null,"type":null}]}"#, &["images: output||a.png"]),
            (
                r#"{"gifs":[{"filename":"v.mp4","subfolder":"","type":"output","format":"video/h264-mp4","frame_rate":8.0,"workflow":"v.png","fullpath":"/c/output/v.mp4"}]}"#,
                &["gifs: output||v.mp4"],
            ),
            (
                r#"{"audio":[{"filename":"s.flac","subfolder":"audio","type":"output"}]}"#,
                &["audio: output|audio|s.flac"],
            ),
            (r#"{"3d":[{"filename":"m.glb","subfolder":"mesh","type":"output"}]}"#, &["3d: output|mesh|m.glb"]),
            (
                r#"{"latents":[{"filename":"l.latent","subfolder":"latents","type":"output"}]}"#,
                &["latents: output|latents|l.latent"],
            ),
            (
                r#"{"a_images":[{"filename":"a.png","type":"temp"}],"b_images":[{"filename":"b.png","type":"temp"}]}"#,
                &["a_images: temp||a.png", "b_images: temp||b.png"],
            ),
            (r#"{"files":[{"filename":"t.txt","subfolder":"","type":"output"}]}"#, &["files: output||t.txt"]),
            (r#"{"ui":[[{"filename":"n.png","type":"output"}]]}"#, &["ui: output||n.png"]),
            (r#"{"images":[{"image":{"filename":"deep.png","type":"temp"},"score":3}]}"#, &["images: temp||deep.png"]),
            // Names of files.
            (r#"{"result":["mesh/a.glb",null]}"#, &["result: perhaps output|mesh|a.glb"]),
            (r#"{"result":["3D\\mesh_00001_.glb",null,null]}"#, &["result: perhaps output|3D|mesh_00001_.glb"]),
            (
                r#"{"result":["preview3d_0a1b.glb",{"position":{"x":1},"cameraType":"perspective"},[]]}"#,
                &["result: perhaps output||preview3d_0a1b.glb"],
            ),
            (
                r#"{"result":["a.glb",null,"temp/bg_1.png"]}"#,
                &["result: perhaps output||a.glb", "result: perhaps output|temp|bg_1.png"],
            ),
            (r#"{"3d":["mesh/b.obj"]}"#, &["3d: perhaps output|mesh|b.obj"]),
            (
                r#"{"video":["/c/output/clip one.mp4","D:\\out\\two.mp4"]}"#,
                &["video: perhaps output|/c/output|clip one.mp4", "video: perhaps output|D:\\out|two.mp4"],
            ),
            (r#"{"file_path":["points.ply [temp]"]}"#, &["file_path: perhaps temp||points.ply"]),
            (r#"{"videos":[{"path":"/c/output/x.webm","fps":24}]}"#, &["videos: perhaps output|/c/output|x.webm"]),
            (r#"{"text":["/c/output/saved.png"]}"#, &["text: perhaps output|/c/output|saved.png"]),
            // Texts.
            (r#"{"text":["a","",{"filename":""}]}"#, &["text: \"a\""]),
            (r#"{"text":["a caption","第二行"]}"#, &["text: \"a caption\"", "text: \"第二行\""]),
            (r#"{"text":["Saved as a photo.png"]}"#, &["text: \"Saved as a photo.png\""]),
            (
                r#"{"result":["Score 0.87, version 1.5 of the rater."]}"#,
                &["result: \"Score 0.87, version 1.5 of the rater.\""],
            ),
            (r#"{"result":["v1.5"]}"#, &["result: \"v1.5\""]),
            (r#"{"tags":[["1girl, solo","hat"]]}"#, &["tags: \"1girl, solo\"", "tags: \"hat\""]),
            (r#"{"text":[{"text":"hello","type":"text"}]}"#, &["text: \"hello\""]),
            (
                r#"{"result":[{"positive":"a cat","negative":"blurry","id":7}]}"#,
                &["result: \"a cat\"", "result: \"blurry\""],
            ),
            (r#"{"text":[{"mood":"calm","place":"a lake","type":"scene"}]}"#, &["text: \"calm\"", "text: \"a lake\""]),
            (r#"{"video_url":["https://example.org/a.mp4"]}"#, &["video_url: \"https://example.org/a.mp4\""]),
            (r#"{"text":"never a list"}"#, &["text: \"never a list\""]),
            (r#"{"error":["No face found."],"timestamp":[1764440000.5]}"#, &["error: \"No face found.\""]),
            // Numbers and flags, where they are what was to be shown.
            (r#"{"value":[3]}"#, &["value: \"3\""]),
            (r#"{"value":[0.30000000000000004]}"#, &["value: \"0.30000000000000004\""]),
            (r#"{"value":[true]}"#, &["value: \"true\""]),
            (r#"{"text":[512,768]}"#, &["text: \"512\"", "text: \"768\""]),
            (r#"{"width":[1024],"height":[512]}"#, &["width: \"1024\"", "height: \"512\""]),
            (r#"{"number":[NaN]}"#, &["number: \"NaN\""]),
            (r#"{"images":[null,5,true,{},[]],"animated":[true,false],"frame_rate":[8],"has_audio":[true]}"#, &[]),
            (r#"{"value":[null]}"#, &[]),
            // Bytes.
            (r#"{"bg":["data:image/png;base64,AA"],"pic":["iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"]}"#, &[]),
            // The same file under several keys.
            (
                r#"{"images":[{"filename":"a.png","type":"output"}],"gifs":[{"filename":"a.png","subfolder":".","type":"output"}]}"#,
                &["images: output||a.png"],
            ),
            (
                r#"{"result":["a.glb"],"3d":[{"filename":"a.glb","subfolder":"","type":"output"}]}"#,
                &["result: output||a.glb"],
            ),
            (
                r#"{"images":[{"filename":"a.png","type":"output"}],"text":["a.png"]}"#,
                &["images: output||a.png", "text: \"a.png\""],
            ),
            (
                r#"{"images":[{"filename":"a.png","type":"output"},{"filename":"a.png","type":"output"}]}"#,
                &["images: output||a.png", "images: output||a.png"],
            ),
            ("null", &[]),
            ("[]", &[]),
        ] {
            assert_eq!(of_node(given), expected, "{given}");
        }
    }

    #[test]
    fn a_text_that_was_taken_apart_into_letters_is_one_again() {
        for (key, text, expected) in [
            ("text", "Width: 96 , Height: 80", "text: \"Width: 96 , Height: 80\""),
            ("text", "第二行 👍", "text: \"第二行 👍\""),
            ("text", "No", "text: \"No\""),
            ("value", "3.5", "value: \"3.5\""),
            ("video", "clips/live photo.mp4", "video: perhaps output|clips|live photo.mp4"),
            ("result", "3D\\mesh.glb", "result: perhaps output|3D|mesh.glb"),
        ] {
            assert_eq!(of_node(&format!(r#"{{"{key}": {}}}"#, apart(text))), [expected], "{text}");
        }
        let picture = apart(&format!("iVBORw0KGgoAAAANSUhEUg{}", "A".repeat(400)));
        assert_eq!(of_node(&format!(r#"{{"base64Image": {picture}}}"#)), [""; 0]);
        assert_eq!(of_node(r#"{"text": ["a"]}"#), ["text: \"a\""]);
        assert_eq!(of_node(r#"{"text": ["a", "bc"]}"#), ["text: \"a\"", "text: \"bc\""]);
        assert_eq!(of_node(r#"{"text": [["N", "o"], "yes"]}"#), ["text: \"No\"", "text: \"yes\""]);
    }

    #[test]
    fn what_is_huge_is_cut_and_its_files_are_not() {
        let long = "é".repeat(LONGEST_TEXT);
        let Given::Text(text) = &node_outputs(&format!(r#"{{"1":{{"text":["{long}"]}}}}"#))[0].content else {
            panic!()
        };
        assert!(text.len() <= LONGEST_TEXT + 3 && text.ends_with('…'), "{}", text.len());
        let texts = vec![r#""a word""#; MOST_TEXTS + 5].join(",");
        let files: Vec<_> = (0..MOST_TEXTS + 5).map(|n| format!(r#"{{"filename":"{n}.png"}}"#)).collect();
        let given = format!(r#"{{"1":{{"text":[{texts}],"images":[{}]}}}}"#, files.join(","));
        assert_eq!(node_outputs(&given).len(), MOST_TEXTS + files.len());
        let deep = format!(r#"{{"1":{{"text":{}"x"{}}}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(node_outputs(&deep), []);
    }

    #[test]
    fn a_name_is_sure_where_files_are_told_of_and_nothing_else_can_end_like_that() {
        for (key, text, is_sure) in [
            ("result", "mesh.glb", true),
            ("result", "3D/my mesh.glb", true),
            ("video", "/c/a.mp4", true),
            ("result", "see the mesh.glb", false),
            ("result", "notes.txt", false),
            ("text", "a.png", false),
        ] {
            assert_eq!(is_surely_a_name(key, text), is_sure, "{key} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\1 é./]|"filename"|"text"|"result"|a\.png){0,40}"#) {
            let _ = node_outputs(&text);
        }
    }
}
