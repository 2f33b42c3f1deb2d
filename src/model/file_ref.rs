//! The way that a file's name tells, as ComfyUI goes it. Text in, text out: nothing here touches a disk.

use std::str::FromStr;

use serde::Serialize;

/// What parts the names of a path. ComfyUI on Windows writes `\`, and a name with one must not mean something else here
/// than there.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// The ComfyUI folder that a file lies in: `type` in ComfyUI's own JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Folder {
    Output,
    /// Deleted when ComfyUI starts and stops.
    Temp,
    Input,
}

impl Folder {
    pub const ALL: [Self; 3] = [Self::Output, Self::Temp, Self::Input];

    /// ComfyUI's word, used in URLs, JSON and SQL too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Temp => "temp",
            Self::Input => "input",
        }
    }
}

impl FromStr for Folder {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|folder| folder.as_str() == text).ok_or(())
    }
}

/// A file as ComfyUI names it. Text from outside: only ever a parameter of `/view`, or checked before it becomes a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileRef {
    /// `output`, `temp` or `input`; anything else as it came, such files can't be fetched.
    pub folder: String,
    /// Below the folder; `/` or `\` between parts; may be empty.
    pub subfolder: String,
    pub filename: String,
}

impl FileRef {
    /// The names from its folder down to the file, with `.` and `..` walked as Python's `os.path.normpath` does. `None`
    /// for a name that leads out of the folder or isn't one.
    pub fn steps(&self) -> Option<Vec<&str>> {
        if self.filename.is_empty() || self.is_absolute() || self.is_impossible() {
            return None;
        }
        let mut steps = Vec::new();
        for name in self.subfolder.split(SEPARATORS).chain(self.filename.split(SEPARATORS)) {
            match name {
                "" | "." => {}
                ".." => {
                    steps.pop()?;
                }
                name => steps.push(name),
            }
        }
        (!steps.is_empty()).then_some(steps)
    }

    /// The one way to write this name among all that lead to the same file; itself where it leads nowhere.
    pub fn tidied(&self) -> Self {
        let Some((filename, subfolder)) =
            self.steps().and_then(|mut steps| Some((steps.pop()?.to_owned(), steps.join("/"))))
        else {
            return self.clone();
        };
        Self { folder: self.folder.clone(), subfolder, filename }
    }

    /// Whether it names a place on the machine, not in a folder of ComfyUI's.
    pub fn is_absolute(&self) -> bool {
        [&self.subfolder, &self.filename].into_iter().any(|path| path.starts_with(SEPARATORS)) || self.has_drive()
    }

    /// Whether it begins with a drive of Windows: `D:\`.
    fn has_drive(&self) -> bool {
        let path = if self.subfolder.is_empty() { &self.filename } else { &self.subfolder };
        matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
            || matches!(self.subfolder.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
    }

    /// Whether no system can have a file of this name.
    pub fn is_impossible(&self) -> bool {
        self.subfolder.contains('\0') || self.filename.contains('\0')
    }

    /// A file by its whole path: `sub/a.png` is `a.png` in `sub`, `/a.png` is `a.png` in `/`.
    pub fn of_path(folder: &str, path: &str) -> Self {
        let (subfolder, filename) = path.rsplit_once(SEPARATORS).unwrap_or(("", path));
        let is_top = subfolder.is_empty() && path.len() > filename.len();
        let subfolder = if is_top { &path[..path.len() - filename.len()] } else { subfolder };
        Self { folder: folder.to_owned(), subfolder: subfolder.to_owned(), filename: filename.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(subfolder: &str, filename: &str) -> FileRef {
        FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() }
    }

    #[test]
    fn dots_are_walked_within_the_folder_and_never_out_of_it() {
        for (subfolder, filename, expected) in [
            ("", "a.png", "a.png"),
            (".", "a.png", "a.png"),
            ("./", "a.png", "a.png"),
            ("a/./b/", "c.png", "a/b/c.png"),
            ("a/../b", "c.png", "b/c.png"),
            ("a\\..\\b", "c.png", "b/c.png"),
            ("a//b", "c.png", "a/b/c.png"),
            ("x/..", "a..b.png", "a..b.png"),
            ("", "3D\\mesh.glb", "3D/mesh.glb"),
            ("x", "../a.png", "a.png"),
        ] {
            let tidied = file(subfolder, filename).tidied();
            let path = [tidied.subfolder.as_str(), tidied.filename.as_str()].join("/");
            assert_eq!(path.trim_start_matches('/'), expected, "{subfolder:?} {filename:?}");
        }
        for (subfolder, filename) in [
            ("..", "a.png"),
            ("a/../..", "b.png"),
            ("", "../../etc/passwd"),
            ("..\\..", "a.png"),
            ("/etc", "passwd"),
            ("", "/etc/passwd"),
            ("\\\\server\\share", "a.png"),
            ("C:\\x", "a.png"),
            ("", "a\0.png"),
            ("x", ".."),
            ("", "."),
            ("", ""),
        ] {
            assert_eq!(file(subfolder, filename).steps(), None, "{subfolder:?} {filename:?}");
            assert_eq!(file(subfolder, filename).tidied(), file(subfolder, filename));
        }
    }

    #[test]
    fn a_path_is_parted_at_its_last_separator() {
        for (path, subfolder, filename) in [
            ("a.png", "", "a.png"),
            ("sub/a.png", "sub", "a.png"),
            ("3D\\mesh.glb", "3D", "mesh.glb"),
            ("/a.png", "/", "a.png"),
            ("/home/u/a.png", "/home/u", "a.png"),
            ("D:\\x\\y.png", "D:\\x", "y.png"),
        ] {
            assert_eq!(FileRef::of_path("output", path), file(subfolder, filename), "{path}");
        }
    }

    #[test]
    fn a_drive_is_told_from_a_name_with_a_colon() {
        for (subfolder, filename, has_drive) in [
            ("E:\\pictures", "b.png", true),
            ("", "D:/x/y.png", true),
            ("D:", "y.png", true),
            ("", "12:30.png", false),
            ("a", "C:\\b.png", false),
            ("", "a:b.png", false),
        ] {
            assert_eq!(file(subfolder, filename).has_drive(), has_drive, "{subfolder:?} {filename:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_step_leads_up_or_nowhere(subfolder in r"[a.:/\\é\x00]{0,12}", filename in r"[a.:/\\é\x00]{0,12}") {
            for step in file(&subfolder, &filename).steps().unwrap_or_default() {
                proptest::prop_assert!(!matches!(step, "" | "." | "..") && !step.contains(SEPARATORS));
            }
        }
    }
}
