//! Between ComfyUI's names of files and paths on this machine. The only place where a text from ComfyUI becomes a path.

use std::path::{Component, Path, PathBuf};

use super::names;
use crate::model::{Cause, FileRef, Folder, Trouble};

/// ComfyUI's folders, where we share a disk with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// `output`
    pub output: Option<PathBuf>,
    /// `temp`
    pub temp: Option<PathBuf>,
    /// `input`
    pub input: Option<PathBuf>,
}

impl Folders {
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

    /// Where a file lies on this machine. `None` when its folder isn't configured, the file isn't there, or the path
    /// leads out of the folder, also through a link.
    pub fn locate(&self, file: &FileRef) -> Option<PathBuf> {
        let configured = self.path(file.folder.parse().ok()?)?;
        let below = names::below(file, configured);
        let folder = configured.canonicalize().ok()?;
        let mut path = folder.clone();
        path.extend(parts(below.as_ref().unwrap_or(file))?);
        let path = path.canonicalize().ok()?;
        path.starts_with(&folder).then_some(path)
    }

    /// ComfyUI's name of a file that lies in one of its folders.
    pub fn name(&self, path: &Path) -> Option<FileRef> {
        let (folder, relative) =
            self.each().find_map(|(folder, root)| Some((folder, path.strip_prefix(root).ok()?)))?;
        let mut parts = relative.components().map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let filename = parts.next_back()??.to_owned();
        let subfolder = parts.collect::<Option<Vec<_>>>()?.join("/");
        Some(FileRef { folder: folder.as_str().to_owned(), subfolder, filename })
    }
}

/// Why a file of this name is never fetched; `None` when it may be. What lies outside of the folder by a path from the top
/// is asked for all the same: ComfyUI knows where its folders are, and refuses what isn't in them.
pub fn refusal(file: &FileRef) -> Option<Trouble> {
    if file.folder.parse::<Folder>().is_err() {
        return Some(Trouble::new(Cause::UnknownFolder, format_args!("{:?}", shortened(&file.folder))));
    }
    if file.is_impossible() || file.filename.is_empty() {
        return Some(Cause::ImpossibleName.into());
    }
    (file.steps().is_none() && !file.is_absolute()).then(|| Cause::OutsideFolders.into())
}

/// The names that a file's path is made of; on Windows none that holds a drive or a stream, which elsewhere are names like
/// any other.
fn parts(file: &FileRef) -> Option<Vec<&str>> {
    file.steps().filter(|steps| !cfg!(windows) || !steps.iter().any(|name| name.contains(':')))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(subfolder: &str, filename: &str) -> FileRef {
        FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() }
    }

    fn folders(root: &Path) -> Folders {
        Folders { output: Some(root.join("output")), temp: Some(root.join("temp")), input: None }
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
        let folders = folders(root.path());
        let at = |path: &Path, name: &str| folders.locate(&file(path.to_str().unwrap(), name));
        assert_eq!(at(&output.join("sub"), "a.png"), Some(output.join("sub/a.png").canonicalize().unwrap()));
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
        let folders = folders(root.path());
        for subfolder in ["a/b", "a\\b", "a//b/", "./a/x/../b"] {
            assert_eq!(folders.locate(&file(subfolder, "c.png")), Some(deep.join("c.png").canonicalize().unwrap()));
        }
        assert_eq!(folders.name(&deep.join("c.png")), Some(file("a/b", "c.png")));
        assert_eq!(folders.name(Path::new("/elsewhere/c.png")), None);
        assert_eq!(folders.locate(&file("a", "gone.png")), None);
        assert_eq!(folders.locate(&file("", &"x".repeat(4096))), None);
        assert_eq!(folders.locate(&FileRef { folder: "input".into(), ..file("", "c.png") }), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_of_the_folder() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("output")).unwrap();
        fs::write(root.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(root.path().join("secret"), root.path().join("output/a.png")).unwrap();
        assert_eq!(folders(root.path()).locate(&file("", "a.png")), None);
    }
}
