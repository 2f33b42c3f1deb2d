//! Files of another such folder, taken over into this one: for a backup.

use std::fs::File;

use super::disk::Blobs;
use super::error::Error;
use crate::model::Digest;

/// What became of a file that was to be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It was here already.
    WasThere,
    /// It is here now, durably.
    Copied,
    /// The other folder doesn't have it as it was written; nothing was taken.
    Broken,
}

impl Blobs {
    /// Takes over a file, by its blocks where the filesystem can, never by a link: what happens to the one happens not to
    /// the other. One that is here with its whole length is taken as it is. Blocks.
    ///
    /// # Errors
    /// This folder can't be written.
    pub fn adopt(&self, other: &Self, digest: &Digest, bytes: u64) -> Result<Adopted, Error> {
        if self.is_there(digest, bytes).map_err(|source| self.refuse(source, bytes, Some(*digest)))? {
            return Ok(Adopted::WasThere);
        }
        let path = other.path(digest);
        let Ok(source) = File::open(&path) else { return Ok(Adopted::Broken) };
        let (draft, hasher) = match self.drafted(&source, &path, None) {
            Err(Error::Read { .. } | Error::Changed { .. }) => return Ok(Adopted::Broken),
            drafted => drafted?,
        };
        if hasher.bytes != bytes || hasher.digest() != *digest {
            return Ok(Adopted::Broken);
        }
        self.keep(draft, hasher)?;
        Ok(Adopted::Copied)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_taken_over_once_and_only_if_it_is_sound() {
        let folder = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| Blobs::open(&folder.path().join(name)).unwrap());
        let source = folder.path().join("source");
        fs::write(&source, "a fox").unwrap();
        let digest = there.copy_now(&source).unwrap().digest;
        assert_eq!(here.adopt(&there, &digest, 5).unwrap(), Adopted::Copied);
        assert_eq!(here.adopt(&there, &digest, 5).unwrap(), Adopted::WasThere);
        fs::write(there.path(&digest), "a fog").unwrap();
        assert_eq!(fs::read(here.path(&digest)).unwrap(), b"a fox", "it is a copy");
        fs::write(here.path(&digest), "a f").unwrap();
        assert_eq!(here.adopt(&there, &digest, 5).unwrap(), Adopted::Broken);
        fs::remove_file(there.path(&digest)).unwrap();
        assert_eq!(here.adopt(&there, &digest, 5).unwrap(), Adopted::Broken);
        assert_eq!(fs::read_dir(here.drafts()).unwrap().count(), 0);
    }
}
