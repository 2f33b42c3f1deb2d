//! The real binary beside a ComfyUI: started, asked over its API, ended gently or not, started again on the same data.

mod ask;
mod launch;
mod process;

use std::path::{Path, PathBuf};

pub use launch::{Launch, program};
pub use process::{Daemon, cpu_time};

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
