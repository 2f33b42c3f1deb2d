//! Files of others: folders of ComfyUI's on this machine, where strangers' code may lay whatever it likes.
//!
//! What is opened here is a regular file below its folder. No link is followed on the way, nothing is waited for (a pipe or
//! a device is refused), and whoever reads does so through what was opened: what its name leads to a moment later concerns
//! nobody. A disk that hangs holds only threads of its own.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::SystemTime;

use tokio::sync::oneshot;

/// A folder that others write to.
///
/// The links in its own path are followed once, when it is first found: people put ComfyUI's output on another disk like
/// that. A link that comes into this path later may be the work of who writes there, and is not followed.
#[derive(Debug)]
pub struct Root {
    configured: PathBuf,
    real: OnceLock<PathBuf>,
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened {
    pub file: File,
    /// How long it is.
    pub bytes: u64,
    /// When it was last written to.
    pub modified: SystemTime,
}

impl Root {
    /// A folder by its path, which need not be there yet.
    pub fn new(configured: PathBuf) -> Self {
        Self { configured, real: OnceLock::new() }
    }

    /// The path as it was configured.
    pub fn configured(&self) -> &Path {
        &self.configured
    }

    /// The path without links. Blocks.
    ///
    /// # Errors
    /// It isn't there, and neither is the folder that it is to lie in.
    pub fn real(&self) -> io::Result<&Path> {
        match self.real.get() {
            Some(real) => Ok(real),
            None => {
                let found = without_links(&self.configured)?;
                Ok(self.real.get_or_init(|| found))
            }
        }
    }

    /// Opens a file below the folder: the names on the way, and its own. Blocks.
    ///
    /// # Errors
    /// `NotFound` where there is no such file, or what is there is no file, or behind a link. Otherwise what the system said.
    pub fn open(&self, steps: &[&str]) -> io::Result<Opened> {
        let (name, folders) = steps.split_last().ok_or(io::ErrorKind::NotFound)?;
        let file = system::open(self.real()?, folders, name)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Opened { bytes: found.len(), modified: found.modified()?, file })
    }

    /// What is in the place of the folder now, no link followed. Blocks.
    ///
    /// # Errors
    /// `NotFound` where no folder is.
    pub fn look(&self) -> io::Result<Metadata> {
        let found = system::folder(self.real()?)?;
        if found.is_dir() { Ok(found) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Does work that waits for a disk of others, on a thread of its own: one that never answers holds up nobody else.
///
/// # Errors
/// The system has no thread left, or the work broke.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (reply, answer) = oneshot::channel();
    thread::Builder::new().name("folders".to_owned()).spawn(move || {
        let _ = reply.send(work());
    })?;
    answer.await.map_err(|_| io::Error::other("a thread broke"))
}

/// The path of a folder without the links in it. Of one that isn't there yet, that of where it will be.
fn without_links(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        // A link to a disk that isn't there yet is one of those that people make.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
                _ => Err(error),
            }
        }
        found => found,
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod system {
    use std::fs::{File, Metadata};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::{Component, Path};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat};
    use rustix::io::Errno;

    /// For looking below it: who may only pass through a folder may do that.
    #[cfg(target_os = "linux")]
    const PASSING: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    #[cfg(target_os = "macos")]
    const PASSING: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

    /// A pipe waits for nobody then, nor does a file that another holds; and a terminal doesn't become ours.
    const READING: OFlags =
        OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

    /// Opens a file below a folder whose path has no links.
    pub(super) fn open(root: &Path, folders: &[&str], name: &str) -> io::Result<File> {
        let folder = folders.iter().try_fold(enter(root)?, |folder, name| step(&folder, *name))?;
        // Looked at first, as a device may do something when it is opened; and by the caller again, when it is.
        let found = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(absent)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(File::from(openat(&folder, name, READING, Mode::empty()).map_err(absent)?))
    }

    /// What a folder is whose path has no links.
    pub(super) fn folder(path: &Path) -> io::Result<Metadata> {
        File::from(enter(path)?).metadata()
    }

    /// Goes to a folder from the top, name by name: a link that came into the path since is not followed.
    #[cfg(target_os = "linux")]
    fn enter(path: &Path) -> io::Result<OwnedFd> {
        let top = openat(CWD, "/", PASSING, Mode::empty())?;
        path.components().try_fold(top, |folder, part| match part {
            Component::Normal(name) => step(&folder, name),
            _ => Ok(folder),
        })
    }

    /// Opens a folder, and asks the system where that is: folders on the way need not be readable, as they would have to be
    /// for a walk.
    #[cfg(target_os = "macos")]
    fn enter(path: &Path) -> io::Result<OwnedFd> {
        use std::os::unix::ffi::OsStrExt as _;

        let folder = openat(CWD, path, PASSING, Mode::empty()).map_err(absent)?;
        let is_there = rustix::fs::getpath(&folder)?.as_bytes() == path.as_os_str().as_bytes();
        if is_there { Ok(folder) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn step(folder: &OwnedFd, name: impl rustix::path::Arg) -> io::Result<OwnedFd> {
        openat(folder, name, PASSING, Mode::empty()).map_err(absent)
    }

    /// A link, a socket or a pipe in the place of a file or a folder: to us nothing is there.
    fn absent(error: Errno) -> io::Error {
        match error {
            Errno::LOOP | Errno::NOTDIR | Errno::NXIO | Errno::NODEV => io::ErrorKind::NotFound.into(),
            error => error.into(),
        }
    }
}

/// Where files can't be opened from a folder on: the path is looked at before and after.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod system {
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::path::Path;

    pub(super) fn open(root: &Path, folders: &[&str], name: &str) -> io::Result<File> {
        let path = folders.iter().chain([&name]).fold(root.to_owned(), |path, name| path.join(name));
        let is_below = || Ok::<_, io::Error>(path.canonicalize()?.starts_with(root));
        if !fs::symlink_metadata(&path)?.is_file() || !is_below()? {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut options = File::options();
        options.read(true);
        // Of a link, the link itself.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0020_0000);
        let file = options.open(&path)?;
        if is_below()? { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    pub(super) fn folder(path: &Path) -> io::Result<Metadata> {
        fs::symlink_metadata(path)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn read(root: &Root, steps: &[&str]) -> io::Result<String> {
        let mut text = String::new();
        root.open(steps)?.file.read_to_string(&mut text)?;
        Ok(text)
    }

    fn is_absent(root: &Root, steps: &[&str]) -> bool {
        read(root, steps).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    #[test]
    fn nothing_but_a_file_is_opened_and_no_link_is_followed() {
        let lab = tempfile::tempdir().unwrap();
        let output = lab.path().join("output");
        fs::create_dir_all(output.join("sub")).unwrap();
        fs::write(lab.path().join("secret"), "secret").unwrap();
        fs::write(output.join("sub/a.png"), "a").unwrap();
        for (to, link) in [
            ("../secret", "out"),
            ("/dev/zero", "endless"),
            ("sub/a.png", "within"),
            ("sub", "folder"),
            ("..", "up"),
            ("/proc/self/fd/0", "magic"),
        ] {
            symlink(to, output.join(link)).unwrap();
        }
        let _socket = UnixListener::bind(output.join("socket")).unwrap();
        #[cfg(target_os = "linux")]
        rustix::fs::mknodat(rustix::fs::CWD, output.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let root = Root::new(output);
        assert_eq!(read(&root, &["sub", "a.png"]).unwrap(), "a");
        for steps in [
            &["out"][..],
            &["endless"],
            &["within"],
            &["folder", "a.png"],
            &["up", "secret"],
            &["magic"],
            &["socket"],
            &["pipe"],
            &["sub"],
            &["gone"],
            &["sub", "a.png", "b"],
            &[],
        ] {
            assert!(is_absent(&root, steps), "{steps:?}");
        }
    }

    #[test]
    fn a_folder_that_is_a_link_is_followed_to_where_it_led_first() {
        let lab = tempfile::tempdir().unwrap();
        for name in ["disk", "elsewhere"] {
            fs::create_dir(lab.path().join(name)).unwrap();
            fs::write(lab.path().join(name).join("a.png"), name).unwrap();
        }
        let output = lab.path().join("output");
        let root = Root::new(output.clone());
        // A disk that isn't there yet.
        symlink("disk-to-be", &output).unwrap();
        assert!(is_absent(&root, &["a.png"]));
        fs::rename(lab.path().join("disk"), lab.path().join("disk-to-be")).unwrap();
        assert_eq!(read(&root, &["a.png"]).unwrap(), "disk");
        fs::remove_file(&output).unwrap();
        symlink("elsewhere", &output).unwrap();
        assert_eq!(read(&root, &["a.png"]).unwrap(), "disk", "where it led first");
        fs::rename(lab.path().join("disk-to-be"), lab.path().join("moved")).unwrap();
        symlink("elsewhere", lab.path().join("disk-to-be")).unwrap();
        assert!(is_absent(&root, &["a.png"]) && root.look().is_err(), "a link that came into its path is not followed");
    }

    #[test]
    fn a_folder_that_was_not_there_is_no_way_out_when_it_comes_as_a_link() {
        let lab = tempfile::tempdir().unwrap();
        fs::create_dir(lab.path().join("etc")).unwrap();
        fs::write(lab.path().join("etc/passwd"), "secret").unwrap();
        let root = Root::new(lab.path().join("temp"));
        assert!(is_absent(&root, &["passwd"]));
        symlink("etc", lab.path().join("temp")).unwrap();
        assert!(is_absent(&root, &["passwd"]));
        fs::remove_file(lab.path().join("temp")).unwrap();
        fs::create_dir(lab.path().join("temp")).unwrap();
        fs::write(lab.path().join("temp/a.png"), "a").unwrap();
        assert_eq!(read(&root, &["a.png"]).unwrap(), "a");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_exchanged_with_a_file_or_a_folder_leads_nowhere() {
        use rustix::fs::{CWD, RenameFlags, renameat_with};

        let lab = tempfile::tempdir().unwrap();
        let output = lab.path().join("output");
        fs::create_dir_all(output.join("sub")).unwrap();
        fs::create_dir_all(lab.path().join("secrets")).unwrap();
        fs::write(lab.path().join("secrets/a.png"), "secret").unwrap();
        fs::write(output.join("a.png"), "honest").unwrap();
        fs::write(output.join("sub/a.png"), "honest").unwrap();
        symlink("../secrets/a.png", output.join("swap")).unwrap();
        symlink("../secrets", output.join("folder")).unwrap();
        let (is_over, root) = (AtomicBool::new(false), Root::new(output.clone()));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for (one, other) in [("a.png", "swap"), ("sub", "folder")] {
                        let [one, other] = [one, other].map(|name| output.join(name));
                        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
                    }
                }
            });
            let mut opened = 0;
            for _ in 0..4_000 {
                for steps in [&["a.png"][..], &["sub", "a.png"]] {
                    match read(&root, steps) {
                        Ok(text) => {
                            assert_eq!(text, "honest");
                            opened += 1;
                        }
                        Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}"),
                    }
                }
            }
            is_over.store(true, Ordering::Relaxed);
            assert!(opened > 0);
        });
    }

    #[tokio::test]
    async fn what_never_answers_holds_a_thread_of_its_own() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let waiting = tokio::spawn(aside(move || held.recv().is_err()));
        assert_eq!(aside(|| 7).await.unwrap(), 7);
        drop(hold);
        assert!(waiting.await.unwrap().unwrap());
        assert!(aside(|| panic!("broken")).await.is_err());
    }
}
