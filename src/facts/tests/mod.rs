#![allow(clippy::print_stderr, reason = "says how much of the sample agrees")]

mod cases;
mod expected;
mod hostile;
mod json;
mod shapes;

use super::*;

#[test]
fn names_of_models_are_shortened_for_people() {
    for (name, short) in [
        ("SDXL/base.v1.0.safetensors", "base.v1.0"),
        ("a\\b\\c.GGUF", "c"),
        ("kling-v2.1", "kling-v2.1"),
        (".safetensors", ".safetensors"),
        ("folder/", "folder/"),
        ("", ""),
    ] {
        assert_eq!(short_name(name), short);
    }
}
