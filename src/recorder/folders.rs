//! Between ComfyUI's names of files and paths on this machine. The only place where a text from ComfyUI becomes a path.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::foreign::{Opened, Root};
use crate::intake::names;
use crate::model::{FileRef, Folder};

/// ComfyUI's folders, where we share a disk with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedFolders {
    /// `output`
    pub output: Option<PathBuf>,
    /// `temp`
    pub temp: Option<PathBuf>,
    /// `input`
    pub input: Option<PathBuf>,
}

impl SharedFolders {
    /// The path of a folder.
    pub fn path(&self, folder: Folder) -> Option<&Path> {
        match folder {
            Folder::Output => self.output.as_deref(),
            Folder::Temp => self.temp.as_deref(),
            Folder::Input => self.input.as_deref(),
        }
    }

    /// The folders that are configured.
    pub fn each(&self) -> impl Iterator<Item = (Folder, &Path)> {
        Folder::ALL.into_iter().filter_map(|folder| Some((folder, self.path(folder)?)))
    }
}

/// The folders as they are found on this machine.
#[derive(Debug)]
pub struct Roots(Vec<(Folder, Root)>);

impl Roots {
    /// Looks at nothing yet.
    pub fn new(folders: &SharedFolders) -> Self {
        Self(folders.each().map(|(folder, path)| (folder, Root::new(path.to_owned()))).collect())
    }

    /// Those in which ComfyUI writes.
    pub fn watched(&self) -> impl Iterator<Item = (Folder, &Root)> {
        self.0.iter().filter(|(folder, _)| *folder != Folder::Input).map(|(folder, root)| (*folder, root))
    }

    /// Whether a file can be looked for here.
    pub fn have(&self, file: &FileRef) -> bool {
        self.root(file).is_some()
    }

    /// Opens a file; `None` when its folder isn't configured, no file is there, or a link is on the way. Then ComfyUI may
    /// still hand it out: whoever links a folder in its output to another disk gets those files from there. Blocks.
    ///
    /// # Errors
    /// It is there and can't be opened.
    pub fn open(&self, file: &FileRef) -> io::Result<Option<Opened>> {
        let Some(root) = self.root(file) else { return Ok(None) };
        let below = names::below(file, root.configured());
        let Some(steps) = parts(below.as_ref().unwrap_or(file)) else { return Ok(None) };
        match root.open(&steps) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if is_of_no_file(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// ComfyUI's name of a file that lies in one of its folders, whose links were followed. Blocks.
    pub fn name(&self, path: &Path) -> Option<FileRef> {
        let of = |root: &Root| path.strip_prefix(root.real().ok()?).ok().map(Path::to_owned);
        let (folder, relative) = self.0.iter().find_map(|(folder, root)| Some((folder, of(root)?)))?;
        let mut parts = relative.components().map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let filename = parts.next_back()??.to_owned();
        let subfolder = parts.collect::<Option<Vec<_>>>()?.join("/");
        Some(FileRef { folder: folder.as_str().to_owned(), subfolder, filename })
    }

    fn root(&self, file: &FileRef) -> Option<&Root> {
        let wanted: Folder = file.folder.parse().ok()?;
        self.0.iter().find(|(folder, _)| *folder == wanted).map(|(_, root)| root)
    }
}

/// No file is there, or none can be by that name.
fn is_of_no_file(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
}

/// The names that a file's path is made of; on Windows none that holds a drive or a stream, which elsewhere are names like
/// any other.
fn parts(file: &FileRef) -> Option<Vec<&str>> {
    file.steps().filter(|steps| !cfg!(windows) || !steps.iter().any(|name| name.contains(':')))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::intake::names::refusal;
    use crate::model::Cause;

    fn file(subfolder: &str, filename: &str) -> FileRef {
        FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() }
    }

    fn roots(root: &Path) -> Roots {
        Roots::new(&SharedFolders { output: Some(root.join("output")), temp: Some(root.join("temp")), input: None })
    }

    /// What a file holds.
    fn read(roots: &Roots, file: &FileRef) -> Option<String> {
        Some(io::read_to_string(roots.open(file).unwrap()?.file).unwrap())
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        for (subfolder, filename) in
            [("", "../../etc/passwd"), ("..\\..\\secrets", "a.png"), ("a/../..", "c.png"), ("..", "a.png"), ("x", "..")]
        {
            let refused = refusal(&file(subfolder, filename)).unwrap();
            assert_eq!(refused.cause, Cause::OutsideFolders, "{subfolder:?} {filename:?}");
        }
        for impossible in ["", "a\0.png"] {
            assert_eq!(refusal(&file("", impossible)).unwrap().cause, Cause::ImpossibleName, "{impossible:?}");
        }
        let nonsense = FileRef { folder: "nonsense".into(), ..file("", "a.png") };
        assert_eq!(refusal(&nonsense).unwrap().to_string(), "ComfyUI has no such folder (\"nonsense\")");
        for (subfolder, filename) in [
            ("", "a.png"),
            (".", "a.png"),
            ("a/../b", "c.png"),
            ("a\\b", "c.png"),
            ("批次", "we ird & <b>.png"),
            ("", &"x".repeat(4096)),
            ("", "a\nb.png"),
            ("/etc", "passwd"),
            ("E:\\pictures", "b.png"),
        ] {
            assert_eq!(refusal(&file(subfolder, filename)), None, "{subfolder:?} {filename:?}");
        }
    }

    #[test]
    fn what_comfyui_may_be_asked_for_by_a_path_from_the_top_becomes_no_path_here() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("output");
        fs::create_dir_all(output.join("sub")).unwrap();
        fs::write(output.join("sub/a.png"), "a").unwrap();
        fs::write(root.path().join("secret.png"), "s").unwrap();
        let roots = roots(root.path());
        let at = |path: &Path, name: &str| read(&roots, &file(path.to_str().unwrap(), name));
        assert_eq!(at(&output.join("sub"), "a.png").as_deref(), Some("a"));
        for (path, name) in
            [(root.path(), "secret.png"), (&*output.join(".."), "secret.png"), (Path::new("/etc"), "passwd")]
        {
            assert_eq!(at(path, name), None, "{} {name}", path.display());
        }
    }

    #[test]
    fn a_file_is_found_below_its_folder_and_named_back() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("output/a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("c.png"), "c").unwrap();
        let roots = roots(root.path());
        for subfolder in ["a/b", "a\\b", "a//b/", "./a/x/../b"] {
            assert_eq!(read(&roots, &file(subfolder, "c.png")).as_deref(), Some("c"));
        }
        assert_eq!(roots.name(&deep.canonicalize().unwrap().join("c.png")), Some(file("a/b", "c.png")));
        assert_eq!(roots.name(Path::new("/elsewhere/c.png")), None);
        for unknown in [file("a", "gone.png"), file("", &"x".repeat(4096)), file("", "a")] {
            assert_eq!(read(&roots, &unknown), None, "{unknown:?}");
        }
        let input = FileRef { folder: "input".into(), ..file("", "c.png") };
        assert!(read(&roots, &input).is_none() && !roots.have(&input) && roots.have(&file("", "c.png")));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_a_link_is_that_folder_and_a_link_in_it_leads_nowhere() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("disk/sub")).unwrap();
        fs::write(root.path().join("disk/a.png"), "a").unwrap();
        fs::write(root.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("disk", root.path().join("output")).unwrap();
        std::os::unix::fs::symlink("../secret", root.path().join("disk/b.png")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("disk/sub/up")).unwrap();
        let roots = roots(root.path());
        assert_eq!(read(&roots, &file("", "a.png")).as_deref(), Some("a"));
        assert_eq!(read(&roots, &file("", "b.png")), None);
        assert_eq!(read(&roots, &file("sub/up", "secret")), None);
        let disk = root.path().canonicalize().unwrap().join("disk");
        assert_eq!(roots.name(&disk.join("sub/c.png")), Some(file("sub", "c.png")), "as the watcher tells of it");
    }
}
