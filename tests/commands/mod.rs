//! The command line on real data folders, beside a running daemon and without one.

mod backup;
mod docs;
mod export;
mod list;
mod mistakes;
mod restore;
mod shell;
mod show;
mod stop;
pub mod studio;
mod verify;

use crate::support::comfyui::{ComfyUi, File, Outcome, Run, picture};
use crate::support::daemon::{Daemon, Launch};
pub use shell::Shell;

/// A daemon beside a ComfyUI of which it recorded some runs: five that made a picture each, then one that failed.
pub async fn recorded() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    for n in 0..5 {
        let name = format!("{n}.png");
        comfy.run(Run::from_browser("b").with_seed(n).saving(File::output(&name, picture(&name))));
    }
    comfy.run_to(Run::from_browser("b").with_seed(5), &Outcome::error("out of memory"));
    daemon.until_all_whole(6).await;
    (comfy, daemon)
}
