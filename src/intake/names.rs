//! Names of files: which texts are one, and where the file may lie that a name tells of.
//!
//! Nothing here touches a disk or the network; whoever fetches a file asks for the places in their order.

use std::path::Path;

use crate::media;
use crate::model::{Cause, FileRef, Folder, MediaKind, Role, Trouble};

/// The longest text that is taken for a file's name.
const LONGEST_NAME: usize = 1024;

/// How names of files end that nodes give and read, besides [`media::ENDINGS`].
const OTHER_ENDINGS: [&str; 40] = [
    "latent",
    "svg",
    "tif",
    "tiff",
    "exr",
    "hdr",
    "heic",
    "jxl",
    "psd",
    "pdf",
    "zip",
    "gz",
    "7z",
    "tar",
    "npy",
    "npz",
    "pkl",
    "pt",
    "safetensors",
    "bvh",
    "vrm",
    "dae",
    "3mf",
    "usd",
    "usda",
    "usdc",
    "abc",
    "blend",
    "pcd",
    "xyz",
    "vox",
    "sog",
    "vtt",
    "ass",
    "lrc",
    "mid",
    "midi",
    "html",
    "yaml",
    "log",
];

/// What ComfyUI writes behind a name that isn't in the folder where it would look.
const FOLDERS: [(&str, Folder); 3] =
    [(" [output]", Folder::Output), (" [input]", Folder::Input), (" [temp]", Folder::Temp)];

/// The file that a text names, if it is a name at all: a path that ends as files do, `sub/a.png [temp]` as well.
pub fn named(text: &str, folder: Folder) -> Option<FileRef> {
    let text = text.trim();
    let is_impossible = text.len() > LONGEST_NAME || text.contains(char::is_control) || text.contains("://");
    let (path, folder) = annotated(text, folder);
    (!is_impossible && ends_as_file(path)).then(|| FileRef::of_path(folder.as_str(), path))
}

/// A path and its folder, which may stand behind it.
pub fn annotated(text: &str, folder: Folder) -> (&str, Folder) {
    FOLDERS.iter().find_map(|(end, folder)| Some((text.strip_suffix(end)?, *folder))).unwrap_or((text, folder))
}

/// Whether a name is that of something to be looked at or heard, so that it can't be anything but a file.
pub fn is_of_media(name: &str) -> bool {
    !matches!(media::guess(name), MediaKind::Text | MediaKind::Other)
}

/// Whether a text is one word, as most names are, or has parts as a path has.
pub fn is_like_a_path(text: &str) -> bool {
    !text.contains(char::is_whitespace) || text.contains(['/', '\\'])
}

fn ends_as_file(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let ending = ending.to_ascii_lowercase();
    let is_known = || media::ENDINGS.iter().any(|(_, endings)| endings.contains(&ending.as_str()));
    !stem.is_empty() && (OTHER_ENDINGS.contains(&ending.as_str()) || is_known())
}

/// Where a file may lie, the likeliest place first. `told`: the text in which a node told of it, where that was no more
/// than a text.
///
/// What stands before the last `/` of a file's name belongs to its folder, but ComfyUI drops it: both are asked for. A text
/// doesn't tell the folder, which is output for most nodes and temp for previews of 3D models; some name it as `temp/a.png`.
/// A path from the top may lie in any folder of ComfyUI's; ComfyUI itself sees to it that it lies in the one asked for.
pub fn places(file: &FileRef, role: Role, told: Option<&str>) -> Vec<FileRef> {
    let mut places = vec![parted(file), file.clone()];
    let first = file.subfolder.split(['/', '\\']).next().unwrap_or_default();
    if let Ok(folder) = first.parse::<Folder>()
        && (told.is_some() || role == Role::Input)
    {
        let below = file.subfolder[first.len()..].trim_start_matches(['/', '\\']);
        let elsewhere = FileRef { folder: folder.as_str().into(), subfolder: below.into(), ..parted(file) };
        // Whoever writes `temp/a.png` means that folder, unless it is a file to be read: those lie in input.
        places.insert(if role == Role::Output { 0 } else { places.len() }, elsewhere);
    }
    let may_be_elsewhere: &[Folder] = match role {
        Role::Output if told.is_some() => &[Folder::Temp],
        Role::Input if file.is_absolute() => &[Folder::Output, Folder::Temp],
        Role::Output | Role::Input => &[],
    };
    for folder in may_be_elsewhere {
        places.push(FileRef { folder: folder.as_str().into(), ..parted(file) });
    }
    let mut seen = Vec::with_capacity(places.len());
    for place in places {
        if !seen.contains(&place) {
            seen.push(place);
        }
    }
    seen
}

/// The file with all of its path in the subfolder.
fn parted(file: &FileRef) -> FileRef {
    if !file.filename.contains(['/', '\\']) {
        return file.clone();
    }
    let path = match file.subfolder.as_str() {
        "" => file.filename.clone(),
        subfolder => format!("{subfolder}/{}", file.filename),
    };
    FileRef::of_path(&file.folder, &path)
}

/// What a path from the top is called in a folder of ComfyUI's, whose path on this machine is `root`. By its text alone.
pub fn below(file: &FileRef, root: &Path) -> Option<FileRef> {
    let root = root.to_str()?.replace('\\', "/");
    let whole = format!("{}/{}", file.subfolder.trim_end_matches(['/', '\\']), file.filename).replace('\\', "/");
    let rest = whole.strip_prefix(root.trim_end_matches('/'))?.strip_prefix('/')?;
    let file = FileRef::of_path(&file.folder, rest);
    file.steps().is_some().then_some(file)
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

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(file: &FileRef) -> String {
        format!("{}|{}|{}", file.folder, file.subfolder, file.filename)
    }

    #[test]
    fn a_name_ends_as_files_do_and_a_sentence_does_not() {
        for (text, expected) in [
            ("mesh.glb", "output||mesh.glb"),
            (" 3D\\mesh_00001_.GLB ", "output|3D|mesh_00001_.GLB"),
            ("a/b c/pic (1).png", "output|a/b c|pic (1).png"),
            ("bg.png [temp]", "temp||bg.png"),
            ("/home/u/out/a.mp4", "output|/home/u/out|a.mp4"),
            ("D:\\x\\y.png", "output|D:\\x|y.png"),
            ("motion.bvh", "output||motion.bvh"),
            ("四张.webp", "output||四张.webp"),
        ] {
            assert_eq!(named(text, Folder::Output).as_ref().map(shown).as_deref(), Some(expected), "{text:?}");
        }
        for text in [
            "Score 0.87, version 1.5 of the rater.",
            "v1.5",
            "0.87",
            "",
            ".png",
            "png",
            "a.b",
            "e.g.",
            "https://example.org/a.png",
            "a\nb.png",
            "www.example.com",
            "It ends here. And there.",
        ] {
            assert_eq!(named(text, Folder::Output), None, "{text:?}");
        }
        assert_eq!(named(&format!("{}.png", "x".repeat(2000)), Folder::Output), None);
    }

    fn places_of(file: &FileRef, role: Role, told: Option<&str>) -> Vec<String> {
        places(file, role, told).iter().map(shown).collect()
    }

    #[test]
    fn the_likeliest_place_is_asked_for_first_and_none_twice() {
        let output = |path: &str| named(path, Folder::Output).unwrap();
        let told = |subfolder: &str, filename: &str| FileRef {
            folder: "output".into(),
            subfolder: subfolder.into(),
            filename: filename.into(),
        };
        assert_eq!(places_of(&told("a", "b.png"), Role::Output, None), ["output|a|b.png"]);
        assert_eq!(places_of(&told("temp", "b.png"), Role::Output, None), ["output|temp|b.png"]);
        assert_eq!(places_of(&told("a", "x/b.png"), Role::Output, None), ["output|a/x|b.png", "output|a|x/b.png"]);
        assert_eq!(places_of(&told("", "3D\\b.glb"), Role::Output, None), ["output|3D|b.glb", "output||3D\\b.glb"]);
        assert_eq!(places_of(&output("m.glb"), Role::Output, Some("m.glb")), ["output||m.glb", "temp||m.glb"]);
        assert_eq!(
            places_of(&output("temp/bg.png"), Role::Output, Some("temp/bg.png")),
            ["temp||bg.png", "output|temp|bg.png", "temp|temp|bg.png"]
        );
        assert_eq!(
            places_of(&named("output/a.mp4", Folder::Input).unwrap(), Role::Input, None),
            ["input|output|a.mp4", "output||a.mp4"]
        );
        assert_eq!(
            places_of(&named("/c/output/a.mp4", Folder::Input).unwrap(), Role::Input, None),
            ["input|/c/output|a.mp4", "output|/c/output|a.mp4", "temp|/c/output|a.mp4"]
        );
    }

    #[test]
    fn a_path_from_the_top_is_one_of_comfyui_s_where_it_lies_in_its_folder() {
        let of = |path: &str| below(&FileRef::of_path("output", path), Path::new("/c/output")).as_ref().map(shown);
        assert_eq!(of("/c/output/a/b.png").as_deref(), Some("output|a|b.png"));
        assert_eq!(of("/c/output/b.png").as_deref(), Some("output||b.png"));
        for path in ["/c/output2/b.png", "/c/output/../b.png", "/etc/passwd", "/c/output/", "c/output/b.png"] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
