//! What bytes are.

use crate::media::*;
use crate::model::MediaKind;

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
