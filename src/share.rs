//! Copies that take no room: a second name for the same blocks, which part when either is written to.

use std::io;
use std::path::Path;

/// Makes `copy`, which must not be there, a copy of `file` that shares its blocks.
///
/// # Errors
/// Where the filesystem can't, or the two lie on different ones; nothing is made then.
pub fn share(file: &Path, copy: &Path) -> io::Result<()> {
    blocks(file, copy)
}

#[cfg(target_os = "linux")]
fn blocks(file: &Path, copy: &Path) -> io::Result<()> {
    use std::fs::{self, File};

    let source = File::open(file)?;
    let made = File::create_new(copy)?;
    rustix::fs::ioctl_ficlone(&made, &source).map_err(|error| {
        // Empty, and in the way of whoever copies the bytes then; one that stays is swept.
        let _ = fs::remove_file(copy);
        error.into()
    })
}

#[cfg(target_os = "macos")]
fn blocks(file: &Path, copy: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, CloneFlags, fclonefileat};

    let source = std::fs::File::open(file)?;
    Ok(fclonefileat(&source, CWD, copy, CloneFlags::empty())?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn blocks(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
