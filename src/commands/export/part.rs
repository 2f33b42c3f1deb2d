//! A file that isn't complete yet: written under a name of its own, and renamed when it is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The name under which a file arrives: ours, so that one that was broken off can be overwritten.
pub(super) fn arriving(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A file system takes 255 bytes.
    let start = &name[..name.floor_char_boundary(200)];
    path.with_file_name(format!(".{start}.comfy-recall-part"))
}

/// Makes the file that arrives. What lies in its place, of an export that was broken off or of somebody else, is taken away
/// and never written into: it may be a link to elsewhere.
pub(super) fn make_part(part: &Path) -> io::Result<File> {
    clear_part(part)?;
    File::create_new(part)
}

/// Takes away what lies in the place of a file that is to arrive.
pub(super) fn clear_part(part: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
