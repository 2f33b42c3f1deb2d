//! Copies that take no room: a second name for the same blocks, which part when either is written to.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes `copy`, which must not be there, a copy of an open file that shares its blocks. `mode`: who may read it, less those
/// whom the umask of the process keeps out.
///
/// # Errors
/// Where the filesystem can't, or the two lie on different ones; nothing is made then.
pub fn share(file: &File, copy: &Path, mode: u32) -> io::Result<()> {
    blocks(file, copy, mode)
}

#[cfg(target_os = "linux")]
fn blocks(file: &File, copy: &Path, mode: u32) -> io::Result<()> {
    use std::fs;
    use std::os::unix::fs::OpenOptionsExt as _;

    let made = File::options().write(true).create_new(true).mode(mode).open(copy)?;
    rustix::fs::ioctl_ficlone(&made, file).map_err(|error| {
        // Empty, and in the way of whoever copies the bytes then; one that stays is swept.
        let _ = fs::remove_file(copy);
        error.into()
    })
}

#[cfg(target_os = "macos")]
fn blocks(file: &File, copy: &Path, mode: u32) -> io::Result<()> {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::{CWD, CloneFlags, fclonefileat};

    fclonefileat(file, CWD, copy, CloneFlags::empty())?;
    // It has the rights of what was copied: never more than were asked for.
    let kept = fs::metadata(copy)?.permissions().mode() & mode;
    fs::set_permissions(copy, Permissions::from_mode(kept))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn blocks(_: &File, _: &Path, _: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_copy_that_shares_blocks_is_as_private_as_it_was_asked_to_be_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "a fox").unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o644)).unwrap();
        match share(&File::open(&from).unwrap(), &to, 0o600) {
            Ok(()) => assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600),
            Err(_) => assert!(!to.exists()),
        }
        fs::write(folder.path().join("victim"), "mine").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("victim"), &link).unwrap();
        assert!(share(&File::open(&from).unwrap(), &link, 0o600).is_err());
        assert_eq!(fs::read(folder.path().join("victim")).unwrap(), b"mine", "no link is written through");
    }
}
