//! The daemon beside a ComfyUI: every hard case that it must record, and every way in which that can go wrong.

mod backfill;
mod cases;
mod clients;
mod crashes;
mod disk;
mod endings;
mod evenings;
mod files;
mod frames;
mod inputs;
mod outages;
mod quick;
mod recordings;
mod restarts;
mod secrets;
mod texts;
mod told;
mod transfer;
mod volume;
mod watcher;

use serde_json::Value;

use crate::support::comfyui::{ComfyUi, File, Run, picture};
use crate::support::daemon::Daemon;

/// A ComfyUI and a daemon that hears it.
async fn pair() -> (ComfyUi, Daemon) {
    beside(ComfyUi::start().await).await
}

async fn beside(comfy: ComfyUi) -> (ComfyUi, Daemon) {
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    (comfy, daemon)
}

/// A run of the browser's that saves a picture of its own.
fn run_saving(name: &str) -> Run {
    Run::from_browser("browser").saving(File::output(name, picture(name)))
}

/// The files and texts that a detail tells of.
fn outputs(detail: &Value) -> &Vec<Value> {
    detail["outputs"].as_array().unwrap()
}

fn output<'d>(detail: &'d Value, filename: &str) -> &'d Value {
    let mut named = outputs(detail).iter().filter(|output| output["filename"] == filename);
    named.next().unwrap_or_else(|| panic!("no output {filename} in {detail:#}"))
}

/// Whether an attachment is kept, with these bytes.
async fn assert_kept(daemon: &Daemon, attachment: &Value, bytes: &[u8]) {
    assert_eq!(attachment["state"], "stored", "{attachment:#}");
    assert_eq!(attachment["sha256"], crate::support::sha256(bytes), "{attachment:#}");
    assert_eq!(attachment["bytes"], bytes.len());
    assert_eq!(daemon.file(attachment).await, bytes);
}
