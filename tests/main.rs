//! Everything that needs a server: the stand-in ComfyUI checked against the recordings, and the daemon beside it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod commands;
mod docs;
mod doors;
mod hostile;
mod house;
mod recorder;
mod standin;
mod start;
mod support;
