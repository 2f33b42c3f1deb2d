//! An output or an input as a page shows it.

use crate::model::{Attachment, AttachmentState, Content, MediaKind, Trouble, file_url};
use crate::web::documents::{Node, Nodes};
use crate::web::format;

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
    pub node: Node,
    /// The key the node reported it under, or the name of its input.
    pub key: String,
    /// Found beside the run, reported by no node.
    pub is_unreported: bool,
}

/// How an attachment can be shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// A file that we have, at its address.
    File(MediaKind, String),
    /// A text.
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
    /// Prepares an attachment.
    pub fn new(attachment: &Attachment, nodes: &Nodes) -> Self {
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
                media.size = blob.as_ref().map(|blob| format::bytes(blob.bytes));
                media.form = match (attachment.state, blob) {
                    (AttachmentState::Missing, _) => Form::Missing(attachment.reason.clone()),
                    (_, Some(blob)) => Form::File(blob.kind, file_url(blob.digest, &file.filename)),
                    (_, None) => Form::Pending(attachment.reason.clone()),
                };
            }
        }
        media
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

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let Form::Text { text, is_cut } = cut(&"字".repeat(SHOWN_CHARS + 1)) else { panic!("not a text") };
        assert_eq!((text.chars().count(), is_cut), (SHOWN_CHARS, true));
        assert_eq!(cut("short"), Form::Text { text: "short".to_owned(), is_cut: false });
    }
}
