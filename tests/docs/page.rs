//! A page of Markdown, as far as the tests read it: headings, blocks of code, links, tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex_lite::Regex;

/// `[text](target)`, `![text](target)` and `src="target"`.
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"\]\(([^()\s]+)\)|(?:src|href)="([^"]+)""#).unwrap());

/// `<https://…>`.
static BARE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<(\w+://[^>\s]+)>").unwrap());

/// Code between backticks, in a line.
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`([^`]+)`").unwrap());

/// Pages, wherever they are; what was built or fetched is no page.
const NOT_OURS: [&str; 4] = ["target", "node_modules", ".git", ".venv"];

#[derive(Debug)]
pub struct Page {
    /// From the root of the repository, with slashes.
    pub path: String,
    pub text: String,
}

/// A block of code.
#[derive(Debug)]
pub struct Block<'a> {
    pub language: &'a str,
    pub code: &'a str,
    /// The line above it.
    pub above: &'a str,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Page {
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// Every page of the repository.
    pub fn all() -> Vec<Self> {
        let mut paths = below(root());
        paths.sort();
        let pages = paths.iter().map(|path| Self::read(path.strip_prefix(root()).unwrap().to_str().unwrap()));
        let pages = pages.collect::<Vec<_>>();
        assert!(pages.iter().any(|page| page.path == "README.md"), "the pages were not found");
        pages
    }

    pub fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut above, mut open) = (Vec::new(), "", None);
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let fence = line.trim_end().strip_prefix("```");
            match (open, fence) {
                (None, Some(language)) => open = Some((language, above, at + line.len())),
                (Some((language, above, start)), Some("")) => {
                    blocks.push(Block { language, code: &self.text[start..at], above });
                    open = None;
                }
                _ => {}
            }
            above = line.trim_end();
            at += line.len();
        }
        assert!(open.is_none(), "{}: a block has no end", self.path);
        blocks
    }

    /// Lines that aren't code.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        let mut is_code = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.starts_with("```");
            is_code ^= is_fence;
            !is_code && !is_fence
        })
    }

    /// Level and text of every heading.
    pub fn headings(&self) -> Vec<(usize, &str)> {
        let level = |line: &str| line.len() - line.trim_start_matches('#').len();
        let is_heading = |line: &&str| line.starts_with('#') && line.trim_start_matches('#').starts_with(' ');
        self.prose().filter(is_heading).map(|line| (level(line), line[level(line)..].trim())).collect()
    }

    /// What each heading is called in an address, as GitHub makes it: letters, digits, `-` and `_`.
    pub fn anchors(&self) -> Vec<String> {
        let mut seen = BTreeMap::<String, usize>::new();
        let anchor = |(_, heading): (usize, &str)| {
            let plain = LINK.replace_all(heading, "]").replace(['[', ']', '`'], "").to_lowercase();
            let kept = plain.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
            let name = kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>();
            let times = seen.entry(name.clone()).or_default();
            *times += 1;
            if *times == 1 { name } else { format!("{name}-{}", *times - 1) }
        };
        self.headings().into_iter().map(anchor).collect()
    }

    /// Where links and pictures lead, in their order.
    pub fn links(&self) -> Vec<String> {
        let in_line = |line: &str| {
            let line = CODE.replace_all(line, "").into_owned();
            let found = LINK.captures_iter(&line).chain(BARE.captures_iter(&line));
            let mut found = found.map(|it| it.iter().skip(1).flatten().next().unwrap()).collect::<Vec<_>>();
            found.sort_by_key(|it| it.start());
            found.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>()
        };
        self.prose().flat_map(in_line).collect()
    }

    /// What stands between backticks in lines that aren't code.
    pub fn code(&self) -> impl Iterator<Item = &str> {
        self.prose().flat_map(|line| CODE.captures_iter(line)).map(|it| it.get(1).unwrap().as_str())
    }

    /// The code in each cell of each row of a table.
    pub fn rows(&self) -> Vec<Vec<Vec<&str>>> {
        let code = |cell| CODE.captures_iter(cell).map(|it| it.get(1).unwrap().as_str()).collect();
        let rows = self.prose().filter(|line| line.starts_with('|'));
        rows.map(|line| line.trim_matches('|').split('|').map(code).collect()).collect()
    }
}

/// Every page below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |path: &PathBuf| !NOT_OURS.iter().any(|name| path.file_name().is_some_and(|it| it == *name));
    let (folders, files): (Vec<_>, Vec<_>) = entries.filter(is_ours).partition(|path| path.is_dir());
    let pages = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.chain(folders.iter().flat_map(|folder| below(folder))).collect()
}
