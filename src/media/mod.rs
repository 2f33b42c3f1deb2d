//! What bytes are, and what they look like small. Looks at the bytes; a name is only asked where the answer can't make a
//! browser run anything.
//!
//! Everything here is given hostile bytes. Sizes are checked before anything is decoded, and memory is bounded by them.

mod jpeg;
mod picture;
mod pixels;
mod png;
mod shrink;
mod sound;
mod wave;

#[cfg(test)]
mod tests;

pub use picture::{Measure, Thumbnail, is_black, measure, thumbnail};
pub use sound::{listen, listen_to_samples};
pub use wave::Wave;

use crate::model::MediaKind;

/// What the start of a file says it is, and its MIME type.
///
/// `head` should be the first 4096 bytes, or the whole of a shorter file. Pictures, video and audio are known by their
/// bytes alone. Texts are `text/plain` whatever they are called, and 3D models are told by their name's ending, since
/// neither is ever shown inline.
pub fn sniff(head: &[u8], filename: &str) -> (MediaKind, &'static str) {
    if let Some(found) = infer::get(head) {
        let mime = found.mime_type();
        let kind = match mime {
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" | "image/bmp" => MediaKind::Image,
            _ if mime.starts_with("video/") => MediaKind::Video,
            _ if mime.starts_with("audio/") => MediaKind::Audio,
            _ => MediaKind::Other,
        };
        if kind != MediaKind::Other || mime.starts_with("image/") {
            return (kind, mime);
        }
    }
    if head.starts_with(b"glTF") {
        return (MediaKind::Model3d, "model/gltf-binary");
    }
    match guess(filename) {
        MediaKind::Model3d => (MediaKind::Model3d, "application/octet-stream"),
        _ if is_text(head) => (MediaKind::Text, "text/plain"),
        _ => (MediaKind::Other, "application/octet-stream"),
    }
}

/// How names of files end, by what they are.
pub const ENDINGS: [(MediaKind, &[&str]); 5] = [
    (MediaKind::Image, &["png", "jpg", "jpeg", "webp", "gif", "bmp", "avif", "apng"]),
    (MediaKind::Video, &["mp4", "webm", "mov", "mkv", "avi", "m4v"]),
    (MediaKind::Audio, &["mp3", "wav", "flac", "ogg", "opus", "m4a", "aac"]),
    (MediaKind::Model3d, &["glb", "gltf", "obj", "fbx", "stl", "ply", "usdz", "splat", "spz", "ksplat"]),
    (MediaKind::Text, &["txt", "json", "md", "csv", "srt"]),
];

/// What a file is likely to be by its name, for as long as its bytes aren't here.
pub fn guess(filename: &str) -> MediaKind {
    let ending = filename.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let found = ENDINGS.iter().find(|(_, endings)| endings.contains(&ending.as_str()));
    found.map_or(MediaKind::Other, |(kind, _)| *kind)
}

/// UTF-8 without control characters; a letter that the end of `head` cuts in two is forgiven.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && valid.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}
