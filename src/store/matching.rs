//! Which of the attachments that a run has a new one is. Each is looked up by what it holds: a run may have as many as a
//! hostile node likes, and all other recorders wait for the one writer meanwhile.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::RandomState;

use super::attachment::{NewAttachment, NewContent};
use crate::model::{AttachmentState, Digest, FileRef, Role};

/// An attachment that the run has.
pub(super) struct Existing {
    pub(super) role: Role,
    pub(super) index: i64,
    pub(super) node_id: Option<String>,
    pub(super) key: String,
    pub(super) state: AttachmentState,
    pub(super) file: Option<FileRef>,
    pub(super) text: Option<String>,
    pub(super) digest: Option<Digest>,
    /// Stands for one of those being saved: a node may name a file twice, and then the run has it twice.
    pub(super) is_taken: bool,
}

impl Existing {
    fn holds_what(&self, new: &NewAttachment) -> bool {
        let is_same = match &new.content {
            // A text that may name a file goes on being that text, wherever the file was found, and if it was none.
            NewContent::Named(file, text) => match &self.text {
                Some(known) => known == text,
                None => self.file.as_ref().is_some_and(|known| known.filename == file.filename),
            },
            content => self.file.as_ref() == content.file() && self.text.as_deref() == content.text(),
        };
        self.role == new.role && is_same
    }

    fn is_same(&self, new: &NewAttachment) -> bool {
        self.holds_what(new) && self.node_id == new.node_id && self.key == new.key
    }

    /// The same file, found in the folder by the one and reported by a node by the other.
    fn is_same_file(&self, new: &NewAttachment) -> bool {
        let is_found = self.node_id.is_none() || new.node_id.is_none();
        let tidied = |file: Option<&FileRef>| file.map(FileRef::tidied);
        let file = tidied(self.file.as_ref());
        is_found && self.role == new.role && file.is_some() && file == tidied(new.content.file())
    }
}

/// What an attachment can be looked up by, beside its role, its node and its key.
#[derive(Hash)]
enum LookupKey<'a> {
    /// A text that may be a file's name, or is none.
    Told(&'a str),
    /// A text that is none.
    Text(&'a str),
    File(&'a FileRef),
    /// Whatever folder the file was found in.
    Filename(&'a str),
}

/// The attachments of a run, in the order of their rows.
pub(super) struct Rows {
    rows: Vec<Existing>,
    hasher: RandomState,
    /// By what they hold, those that were not taken when they were looked up last.
    free: HashMap<u64, VecDeque<usize>>,
    /// By their file; `None` where no file was found by itself, so that all are told apart by their nodes.
    of_file: Option<HashMap<u64, AttachmentsOfFile>>,
    next: HashMap<Role, i64>,
}

/// The attachments that hold one file.
#[derive(Default)]
struct AttachmentsOfFile {
    all: VecDeque<usize>,
    /// Those that no node had reported when they were looked up last.
    found: VecDeque<usize>,
}

impl Rows {
    /// Those that there are, to which `new` ones are to be added.
    pub(super) fn new(existing: Vec<Existing>, new: &[NewAttachment]) -> Self {
        let has_found = existing.iter().any(|row| row.node_id.is_none()) || new.iter().any(|new| new.node_id.is_none());
        let mut rows = Self {
            rows: Vec::with_capacity(existing.len() + new.len()),
            hasher: RandomState::default(),
            free: HashMap::new(),
            of_file: has_found.then(HashMap::new),
            next: HashMap::new(),
        };
        existing.into_iter().for_each(|row| rows.add(row));
        rows
    }

    /// The one that a new attachment is, if it is there.
    pub(super) fn find(&mut self, new: &NewAttachment) -> Option<&mut Existing> {
        let place = self.find_same(new).or_else(|| self.find_file(new))?;
        self.rows.get_mut(place)
    }

    /// The place of the next of a role.
    pub(super) fn next_index(&self, role: Role) -> i64 {
        self.next.get(&role).copied().unwrap_or(0)
    }

    /// Adds one that is in the database.
    pub(super) fn add(&mut self, row: Existing) {
        let place = self.rows.len();
        let next = self.next.entry(row.role).or_default();
        *next = (*next).max(row.index + 1);
        if !row.is_taken {
            let marks = match (&row.text, &row.file) {
                (Some(text), None) => [Some(LookupKey::Told(text)), Some(LookupKey::Text(text))],
                (Some(text), Some(_)) => [Some(LookupKey::Told(text)), None],
                (None, Some(file)) => [Some(LookupKey::File(file)), Some(LookupKey::Filename(&file.filename))],
                (None, None) => [None, None],
            };
            for mark in marks.into_iter().flatten() {
                let hash = self.hash_of(row.role, row.node_id.as_deref(), &row.key, mark);
                self.free.entry(hash).or_default().push_back(place);
            }
        }
        if let (Some(of_file), Some(file)) = (&mut self.of_file, &row.file) {
            let of_file = of_file.entry(self.hasher.hash_one((row.role, file.tidied()))).or_default();
            of_file.all.push_back(place);
            if row.node_id.is_none() {
                of_file.found.push_back(place);
            }
        }
        self.rows.push(row);
    }

    /// The first that is the same, and not taken.
    fn find_same(&mut self, new: &NewAttachment) -> Option<usize> {
        let marks = match &new.content {
            NewContent::Named(file, text) => [Some(LookupKey::Told(text)), Some(LookupKey::Filename(&file.filename))],
            NewContent::Text(text) => [Some(LookupKey::Text(text)), None],
            NewContent::Wanted(file) | NewContent::Stored(file, _) | NewContent::Missing(file, _) => {
                [Some(LookupKey::File(file)), None]
            }
        };
        let mut first = None;
        for mark in marks.into_iter().flatten() {
            let hash = self.hash_of(new.role, new.node_id.as_deref(), &new.key, mark);
            let (rows, Some(free)) = (&self.rows, self.free.get_mut(&hash)) else { continue };
            while free.pop_front_if(|place| rows[*place].is_taken).is_some() {}
            let place = free.iter().copied().find(|place| !rows[*place].is_taken && rows[*place].is_same(new));
            first = first.into_iter().chain(place).min();
        }
        first
    }

    /// The first that is the same file, where one of the two was found in the folder.
    fn find_file(&mut self, new: &NewAttachment) -> Option<usize> {
        let (of_file, file) = (self.of_file.as_mut()?, new.content.file()?);
        let (rows, of_file) = (&self.rows, of_file.get_mut(&self.hasher.hash_one((new.role, file.tidied())))?);
        let places = match new.node_id {
            None => &of_file.all,
            Some(_) => {
                while of_file.found.pop_front_if(|place| rows[*place].node_id.is_some()).is_some() {}
                &of_file.found
            }
        };
        places.iter().copied().find(|place| rows[*place].is_same_file(new))
    }

    fn hash_of(&self, role: Role, node_id: Option<&str>, key: &str, mark: LookupKey<'_>) -> u64 {
        self.hasher.hash_one((role, node_id, key, mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Blob, MediaKind};

    fn file(subfolder: &str, filename: &str) -> FileRef {
        FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() }
    }

    /// Anything of a few things, so that much is the same and more is nearly so.
    fn any(random: &mut fastrand::Rng) -> NewAttachment {
        let file = file(["", "s", "./s"][random.usize(..3)], ["a", "b"][random.usize(..2)]);
        let text = ["a", "b", "s/a"][random.usize(..3)].to_owned();
        let digest = Digest([random.u8(..2); 32]);
        let blob = Blob { digest, bytes: 1, kind: MediaKind::Other, mime: String::new() };
        NewAttachment {
            role: if random.bool() { Role::Output } else { Role::Input },
            node_id: [None, Some("1"), Some("2")][random.usize(..3)].map(str::to_owned),
            key: ["k", "l"][random.usize(..2)].to_owned(),
            kind: MediaKind::Other,
            content: match random.u8(..5) {
                0 => NewContent::Wanted(file),
                1 => NewContent::Named(file, text),
                2 => NewContent::Stored(file, blob),
                3 => NewContent::Missing(file, "gone".into()),
                _ => NewContent::Text(text),
            },
        }
    }

    fn existing(new: &NewAttachment, index: i64, is_taken: bool) -> Existing {
        Existing {
            role: new.role,
            index,
            node_id: new.node_id.clone(),
            key: new.key.clone(),
            state: AttachmentState::Pending,
            file: new.content.file().cloned(),
            text: new.content.text().map(str::to_owned),
            digest: None,
            is_taken,
        }
    }

    /// What looking at each of them finds.
    fn by_looking(rows: &[Existing], new: &NewAttachment) -> Option<usize> {
        let same = rows.iter().position(|row| !row.is_taken && row.is_same(new));
        same.or_else(|| rows.iter().position(|row| row.is_same_file(new)))
    }

    #[test]
    fn what_is_looked_up_is_what_looking_at_each_would_find() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3_000 {
            let before: Vec<_> = (0..random.i64(0..8)).map(|index| existing(&any(&mut random), index, false)).collect();
            let new: Vec<_> = (0..random.usize(..12)).map(|_| any(&mut random)).collect();
            let mut rows = Rows::new(before, &new);
            for new in &new {
                let expected = by_looking(&rows.rows, new);
                let found = rows.find(new).map(|row| {
                    row.is_taken = true;
                    if row.node_id.is_none() {
                        row.node_id.clone_from(&new.node_id);
                        row.key.clone_from(&new.key);
                    }
                    std::ptr::from_ref(row)
                });
                let place = found.map(|row| rows.rows.iter().position(|it| std::ptr::eq(it, row)).unwrap());
                assert_eq!(place, expected, "{new:?}");
                if found.is_none() {
                    let index = rows.next_index(new.role);
                    assert!(rows.rows.iter().all(|row| row.role != new.role || row.index < index));
                    rows.add(existing(new, index, true));
                }
            }
        }
    }

    #[test]
    fn as_many_as_a_hostile_node_likes_are_each_found_at_once() {
        let output = |number: usize| NewAttachment {
            role: Role::Output,
            node_id: (!number.is_multiple_of(3)).then(|| "9".to_owned()),
            key: "images".into(),
            kind: MediaKind::Other,
            // Half of them are one and the same.
            content: NewContent::Wanted(file("", &(number / 2 * (number % 2)).to_string())),
        };
        let new: Vec<_> = (0..60_000).map(output).collect();
        let before = new.iter().zip(0..).map(|(new, index)| existing(new, index, false)).collect();
        let mut rows = Rows::new(before, &new);
        let found = new.iter().filter(|new| rows.find(new).map(|row| row.is_taken = true).is_some()).count();
        assert_eq!(found, new.len());
    }
}
