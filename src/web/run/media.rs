//! An output or an input as a page shows it.

use std::collections::HashMap;

use crate::export::{NodeSummary, Nodes};
use crate::model::{
    Attachment, AttachmentState, BasePath, Content, Cover, Digest, MediaFacts, MediaKind, ThumbSize, Trouble, file_url,
    shown_bytes,
};

/// A text longer than this is cut; all of it is in the JSON.
const SHOWN_CHARS: usize = 100_000;

/// One output or input.
#[derive(Debug)]
pub struct Media {
    /// How it can be shown.
    pub form: Form,
    /// The name of the file; empty for a text.
    pub filename: String,
    /// `output/sub`, `temp`; empty for a text.
    pub folder: String,
    /// Deleted by ComfyUI when it starts and stops; so this may be the only copy.
    pub is_temp: bool,
    /// How big it is.
    pub size: Option<String>,
    /// The node that gave or read it.
    pub node_id: Option<String>,
    /// What the prompt says of that node.
    pub node: NodeSummary,
    /// The key the node reported it under, or the name of its input.
    pub key: String,
    /// Found beside the run, reported by no node.
    pub is_unreported: bool,
    /// The digest of its bytes.
    pub digest: Option<Digest>,
    /// Why these may not be the bytes that the run read.
    pub doubt: Option<Trouble>,
    /// The address of what it may have read instead, and how big that is.
    pub other: Option<(String, String)>,
    /// Its pixels and how long it plays, where that is known.
    pub facts: MediaFacts,
}

/// The outputs of a run, in the order in which they are looked at.
#[derive(Debug, Default)]
pub struct Gallery {
    /// What stands for the run, large; `None` when there is no output at all.
    pub first: Option<Media>,
    /// What it gave beside that.
    pub others: Vec<Media>,
    /// Previews, when it also saved something.
    pub previews: Vec<Media>,
}

impl Gallery {
    /// Puts the cover first, and previews apart when there is something that was meant to be kept.
    pub fn new(outputs: Vec<Media>, cover: Option<&Cover>) -> Self {
        let has_saved = outputs.iter().any(|media| !media.is_temp);
        let (mut previews, mut others): (Vec<_>, Vec<_>) =
            outputs.into_iter().partition(|media| media.is_temp && has_saved);
        let is_cover = |media: &Media| cover.is_some_and(|cover| media.digest == Some(cover.sha256));
        let best = |list: &[Media]| list.iter().position(is_cover).or_else(|| list.iter().position(Media::is_seen));
        // A run that saved only a text may have a picture among its previews.
        if best(&others).is_none()
            && let Some(place) = best(&previews)
        {
            others.insert(0, previews.remove(place));
        }
        let place = best(&others).unwrap_or(0);
        let first = (place < others.len()).then(|| others.remove(place));
        Self { first, others, previews }
    }

    /// How many outputs there are.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len() + self.previews.len()
    }

    /// Whether any file is here to be taken along.
    pub fn has_files(&self) -> bool {
        self.first.iter().chain(&self.others).chain(&self.previews).any(|media| matches!(media.form, Form::File(..)))
    }
}

/// How an attachment can be shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// A file that we have, at its address.
    File(MediaKind, String),
    Text {
        /// It, or its beginning.
        text: String,
        /// Whether it goes on.
        is_cut: bool,
    },
    /// A file that is still to come, and what is in the way.
    Pending(Option<Trouble>),
    /// A file that is gone, and why.
    Missing(Option<Trouble>),
}

impl Media {
    pub fn new(attachment: &Attachment, nodes: &Nodes, known: &HashMap<Digest, MediaFacts>, base: &BasePath) -> Self {
        let node = nodes.get(attachment.node_id.as_deref()).into_owned();
        let mut media = Self {
            form: Form::Pending(attachment.reason.clone()),
            filename: String::new(),
            folder: String::new(),
            is_temp: false,
            size: None,
            node_id: attachment.node_id.clone(),
            node,
            key: attachment.key.clone(),
            is_unreported: attachment.is_unreported,
            digest: None,
            doubt: attachment.reason.clone().filter(|_| attachment.state == AttachmentState::Stored),
            other: None,
            facts: MediaFacts::default(),
        };
        match &attachment.content {
            Content::Text(text) => media.form = cut(text),
            Content::File { file, blob } => {
                media.filename.clone_from(&file.filename);
                media.folder = match file.subfolder.as_str() {
                    "" => file.folder.clone(),
                    subfolder => format!("{}/{subfolder}", file.folder),
                };
                media.is_temp = file.folder == "temp";
                media.digest = blob.as_ref().map(|blob| blob.digest);
                media.facts = media.digest.and_then(|digest| known.get(&digest)).copied().unwrap_or_default();
                media.other = attachment
                    .other
                    .as_ref()
                    .map(|other| (base.join(&file_url(other.digest, &file.filename)), shown_bytes(other.bytes)));
                media.size = blob.as_ref().map(|blob| shown_bytes(blob.bytes));
                media.form = match (attachment.state, blob) {
                    (AttachmentState::Missing, _) => Form::Missing(attachment.reason.clone()),
                    (_, Some(blob)) => Form::File(blob.kind, base.join(&file_url(blob.digest, &file.filename))),
                    (_, None) => Form::Pending(attachment.reason.clone()),
                };
            }
        }
        media
    }

    /// Width and height, where both are known.
    pub fn size_in_pixels(&self) -> Option<(u32, u32)> {
        self.facts.width.zip(self.facts.height)
    }

    /// The digest, when a small picture is there already that shows all of it: to be seen while the large one comes.
    pub fn small_first(&self) -> Option<Digest> {
        let is_larger =
            self.size_in_pixels().is_some_and(|(width, height)| width.min(height) > ThumbSize::Large.pixels());
        self.digest.filter(|_| is_larger)
    }

    /// Whether it is something to look at.
    pub fn is_seen(&self) -> bool {
        matches!(self.form, Form::File(MediaKind::Image | MediaKind::Video, _))
    }

    /// The node in words: its title, else its class, else its id.
    pub fn node_name(&self) -> Option<&str> {
        let named = self.node.title.as_deref().or(self.node.kind.as_deref());
        named.or(self.node_id.as_deref())
    }
}

fn cut(text: &str) -> Form {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => Form::Text { text: text[..end].to_owned(), is_cut: true },
        None => Form::Text { text: text.to_owned(), is_cut: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(name: &str, is_temp: bool, form: Form) -> Media {
        Media {
            form,
            filename: name.to_owned(),
            folder: String::new(),
            is_temp,
            size: None,
            node_id: None,
            node: NodeSummary::default(),
            key: String::new(),
            is_unreported: false,
            digest: None,
            doubt: None,
            other: None,
            facts: MediaFacts::default(),
        }
    }

    fn names(gallery: &Gallery) -> (Option<&str>, Vec<&str>, Vec<&str>) {
        let names = |list: &'_ [Media]| list.iter().map(|media| media.filename.clone().leak() as &str).collect();
        (gallery.first.as_ref().map(|media| media.filename.as_str()), names(&gallery.others), names(&gallery.previews))
    }

    #[test]
    fn previews_stand_apart_when_something_was_saved() {
        let image = || Form::File(MediaKind::Image, String::new());
        let text = || Form::Text { text: String::new(), is_cut: false };
        let both = Gallery::new(vec![media("p", true, image()), media("a", false, image())], None);
        assert_eq!(names(&both), (Some("a"), vec![], vec!["p"]));
        let only = Gallery::new(vec![media("p", true, image()), media("q", true, image())], None);
        assert_eq!(names(&only), (Some("p"), vec!["q"], vec![]));
        let saved_text = Gallery::new(vec![media("t", false, text()), media("p", true, image())], None);
        assert_eq!(names(&saved_text), (Some("p"), vec!["t"], vec![]));
        assert_eq!(names(&Gallery::new(Vec::new(), None)), (None, vec![], vec![]));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let Form::Text { text, is_cut } = cut(&"字".repeat(SHOWN_CHARS + 1)) else { panic!("not a text") };
        assert_eq!((text.chars().count(), is_cut), (SHOWN_CHARS, true));
        assert_eq!(cut("short"), Form::Text { text: "short".to_owned(), is_cut: false });
    }
}
