//! Any text gives facts: none a panic, none slowly.

#![no_main]

use comfy_recall::facts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = facts::read(text);
    let _ = facts::custom_nodes(text);
});
