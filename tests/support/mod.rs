//! The two ends of every end-to-end test: a scripted ComfyUI, and the real daemon beside it.
//!
//! Benches include this too, so nothing here needs a test around it.

#![allow(dead_code, reason = "each test and bench uses the part that it needs")]
#![allow(unused_imports, reason = "the same")]
#![allow(missing_docs, reason = "a public item here is read beside the test that uses it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a stand-in that can't go on fails its test")]

pub mod comfyui;
pub mod daemon;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a test waits for anything before it fails. No test takes this long unless something is wrong.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The folder of what real ComfyUI servers said and wrote.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui")
}

/// A plain client: no proxy, no redirects, no patience beyond the deadline.
pub fn client() -> reqwest::Client {
    // The first one to come installs it; later ones are told that it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

/// The same for who has a token.
pub fn client_with(token: &str) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shown = reqwest::header::HeaderMap::from_iter([(
        reqwest::header::AUTHORIZATION,
        format!("Bearer {token}").parse().unwrap(),
    )]);
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).default_headers(shown).build().unwrap()
}

/// SHA-256 as the daemon writes it: 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
