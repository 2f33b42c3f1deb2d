//! A video of 2 GB: fetched without being held in memory.

use crate::support::comfyui::{ComfyUi, Content, File, Run};
use crate::support::daemon::Daemon;
use crate::table::Row;

const BYTES: u64 = 2_000_000_000;

pub async fn measure() -> Vec<Row> {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let id = comfy.run(Run::from_api().saving(File::output("long.mp4", Content::Video { bytes: BYTES })));
    daemon.until_whole(&id, "completed").await;
    let (_, peak) = daemon.memory();
    vec![Row::new("peak resident memory with a video of 2 GB", peak as f64 / 1e6, 60.0, "MB", "fetched over /view")]
}
