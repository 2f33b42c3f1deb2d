//! What bytes are. Looks at the first of them; a name is only asked where the answer can't make a browser run anything.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_makes_bytes_into_a_picture() {
        let html = b"<html><script>alert(1)</script>";
        assert_eq!(sniff(html, "cat.png"), (MediaKind::Text, "text/plain"));
        assert_eq!(sniff(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"), (MediaKind::Text, "text/plain"));
        assert_eq!(sniff(b"\x00\x01", "cat.png"), (MediaKind::Other, "application/octet-stream"));
        assert_eq!(sniff(b"", "cat.png"), (MediaKind::Other, "application/octet-stream"));
    }

    #[test]
    fn bytes_tell_what_a_file_is_whatever_its_name() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n", "x.txt"), (MediaKind::Image, "image/png"));
        assert_eq!(sniff(b"glTF\x02\0\0\0", "x"), (MediaKind::Model3d, "model/gltf-binary"));
        assert_eq!(sniff(b"solid cube", "cube.stl"), (MediaKind::Model3d, "application/octet-stream"));
    }

    #[test]
    fn a_text_may_end_in_half_a_letter_but_not_hold_control_characters() {
        assert_eq!(sniff(&"é".as_bytes()[..1], "x").0, MediaKind::Other);
        assert_eq!(sniff(&"né".as_bytes()[..2], "x").0, MediaKind::Text);
        assert_eq!(sniff(b"a\x1b[31m", "x").0, MediaKind::Other);
    }
}
