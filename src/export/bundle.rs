//! The files of one generation: which there are, what each is called, and where its bytes come from.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

use super::{json, strict};
use crate::model::{Attachment, Content, Detail, Digest, DocumentKind, FileRef, Role, download_name};

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleEntry {
    /// A plain name, perhaps below `inputs/` or `previews/`; no other entry of the bundle has it, in any case of letters.
    pub name: String,
    /// Where its bytes come from.
    pub source: ByteSource,
}

/// Where the bytes of an entry come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteSource {
    Blob {
        digest: Digest,
        /// How long it is.
        bytes: u64,
    },
    /// A text that a node gave.
    Text(String),
    /// A document that came with the run.
    Document(DocumentKind),
    /// The run itself as JSON, see [`super::json::full`].
    Record,
}

/// The bytes of an entry.
#[derive(Debug)]
pub enum Bytes {
    /// Those of a kept file, and how many.
    Kept(Digest, u64),
    Text(Vec<u8>),
}

impl ByteSource {
    /// The bytes of an entry of this run. `base`: what stands before addresses.
    ///
    /// # Errors
    /// None that is known.
    pub fn bytes(self, detail: &Detail, base: &str) -> serde_json::Result<Bytes> {
        Ok(match self {
            Self::Blob { digest, bytes } => Bytes::Kept(digest, bytes),
            Self::Text(text) => Bytes::Text(text.into_bytes()),
            Self::Document(kind) => {
                let text = strict(detail.document(kind).unwrap_or_default())?;
                Bytes::Text(text.get().as_bytes().to_vec())
            }
            Self::Record => Bytes::Text(json::full(detail, base)?),
        })
    }
}

/// What belongs to a generation, each under a name of its own: what it made, what it read, its documents.
pub fn entries(detail: &Detail) -> Vec<BundleEntry> {
    let mut names = UsedNames::default();
    let mut entries = Vec::new();
    let mut kept = HashSet::new();
    for attachment in detail.outputs.iter().chain(&detail.inputs) {
        let (name, source) = match &attachment.content {
            Content::File { file, blob: Some(blob) } => {
                let name = format!("{}{}", folder(attachment, file), download_name(&file.filename));
                // The same file may be named by several nodes.
                if !kept.insert((name.clone(), blob.digest)) {
                    continue;
                }
                (name, ByteSource::Blob { digest: blob.digest, bytes: blob.bytes })
            }
            Content::File { blob: None, .. } => continue,
            Content::Text(text) => {
                let node = attachment.node_id.as_deref().unwrap_or_default();
                let name = format!("{}.txt", download_name(&format!("{}-{node}", attachment.key)));
                (name, ByteSource::Text(text.clone()))
            }
        };
        entries.push(BundleEntry { name: names.unique(&name), source });
    }
    let documents = [(DocumentKind::Prompt, "prompt.json"), (DocumentKind::Workflow, "workflow.json")];
    for (kind, name) in documents {
        if detail.document(kind).is_some() {
            entries.push(BundleEntry { name: names.unique(name), source: ByteSource::Document(kind) });
        }
    }
    entries.push(BundleEntry { name: names.unique("generation.json"), source: ByteSource::Record });
    entries
}

/// Previews and inputs apart from what the run made.
fn folder(attachment: &Attachment, file: &FileRef) -> &'static str {
    match attachment.role {
        Role::Input => "inputs/",
        Role::Output if file.folder == "temp" => "previews/",
        Role::Output => "",
    }
}

/// Names that were given out, as file systems compare them: without regard to capitals, and to how an accent is written.
#[derive(Debug, Default)]
pub struct UsedNames {
    given: HashSet<String>,
    /// Of names that were wanted again, the next number to be tried.
    next: HashMap<String, u64>,
}

impl UsedNames {
    /// The name, or one with a number behind it that is free; it is given out from now on.
    pub fn unique(&mut self, name: &str) -> String {
        let folded = folded(name);
        if self.given.insert(folded.clone()) {
            return name.to_owned();
        }
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && !stem.ends_with('/') => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        let next = self.next.entry(folded).or_insert(2);
        loop {
            let wanted = format!("{stem} ({next}){ending}");
            *next += 1;
            if self.given.insert(self::folded(&wanted)) {
                return wanted;
            }
        }
    }
}

fn folded(name: &str) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.nfc().collect::<String>().to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_as_file_systems_do() {
        let mut names = UsedNames::default();
        let given = ["a.png", "A.PNG", "a.png", "a (2).png", "inputs/a.png", ".png", ".png", "prompt.json"]
            .map(|name| names.unique(name));
        assert_eq!(
            given,
            ["a.png", "A (2).PNG", "a (3).png", "a (2) (2).png", "inputs/a.png", ".png", ".png (2)", "prompt.json"]
        );
        assert_eq!(["\u{e9}.png", "E\u{301}.png"].map(|name| names.unique(name)), ["\u{e9}.png", "E\u{301} (2).png"]);
    }

    #[test]
    fn a_name_that_is_wanted_again_and_again_takes_one_try_each() {
        let mut names = UsedNames::default();
        let given: HashSet<_> = (0..100_000).map(|_| names.unique("text-7.txt")).collect();
        assert!(given.len() == 100_000 && given.contains("text-7 (100000).txt"));
    }
}
