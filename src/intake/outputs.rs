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
    pub node_id: String,
    /// `images`, `gifs`, `audio`, `text` …
    pub key: String,
    pub content: NodeOutput,
}

/// What a node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeOutput {
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
fn add(found: &mut Vec<OutputItem>, known: &HashMap<FileRef, usize>, node_id: &str, key: &str, items: Vec<NodeOutput>) {
    for content in items {
        let before = content.file().and_then(|file| known.get(&file.tidied())).copied();
        match (before, content) {
            // An object tells more of a file than its bare name.
            (Some(place), file @ NodeOutput::File(_)) if matches!(found[place].content, NodeOutput::Named(..)) => {
                found[place].content = file;
            }
            (Some(_), NodeOutput::Named(_, text)) if is_read(key) => push(found, node_id, key, NodeOutput::Text(text)),
            (Some(_), _) => {}
            (None, content) => push(found, node_id, key, content),
        }
    }
}

fn push(found: &mut Vec<OutputItem>, node_id: &str, key: &str, content: NodeOutput) {
    found.push(OutputItem { node_id: node_id.to_owned(), key: key.to_owned(), content });
}

impl NodeOutput {
    fn file(&self) -> Option<&FileRef> {
        match self {
            Self::File(file) | Self::Named(file, _) => Some(file),
            Self::Text(_) => None,
        }
    }
}

/// What stands under one key of a node.
struct OfKey {
    items: Vec<NodeOutput>,
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
            return self.items.push(NodeOutput::File(file));
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
    fn files(&self, key: &str, value: &str, depth: usize) -> Vec<NodeOutput> {
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
            Some(file) => self.items.push(NodeOutput::Named(file, text)),
            None => self.push_text(text),
        }
    }

    fn push_text(&mut self, mut text: String) {
        if text.len() > LONGEST_TEXT {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
        }
        if self.texts < MOST_TEXTS {
            self.items.push(NodeOutput::Text(text));
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
mod tests;
