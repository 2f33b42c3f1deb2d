//! The key that sessions are signed with: 32 random bytes in a file of the data folder that only its owner may read.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The name of the file.
const FILE: &str = "session.key";

/// A key. Whoever knows it can sign in without the password.
#[derive(Clone)]
pub struct SessionKey {
    bytes: [u8; 32],
    /// The data folder that it is of.
    folder: Option<PathBuf>,
}

impl SessionKey {
    /// The key of a data folder; made where there is none yet.
    ///
    /// # Errors
    /// When the file can't be read or written, or the system has no random numbers.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => match bytes.try_into() {
                Ok(bytes) => {
                    keep_private(&path)?;
                    Ok(Self { bytes, folder: Some(data_dir.to_owned()) })
                }
                Err(_) => {
                    tracing::warn!(path = %path.display(), "the key of the sessions was damaged; everybody has to sign in again");
                    Self::make(data_dir, &path)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(data_dir, &path),
            Err(error) => Err(error),
        }
    }

    /// One that nobody has, and that is gone with this process: where nobody can sign in.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn passing() -> io::Result<Self> {
        let half = || argon2::password_hash::try_generate_salt().map_err(io::Error::other);
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&half()?);
        bytes[16..].copy_from_slice(&half()?);
        Ok(Self { bytes, folder: None })
    }

    /// The data folder that it is of; `None` where nobody can sign in.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A salt for a password that is only known in plain: always the same here, so that its hash is, too.
    pub fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.sign("salt", &[])[..16]);
        salt
    }

    /// What only who has the key can make of these parts. `purpose` keeps signatures of one kind from passing as others.
    pub(super) fn sign(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac();
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(&part.len().to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.bytes).expect("HMAC takes keys of every length")
    }

    fn make(data_dir: &Path, path: &Path) -> io::Result<Self> {
        let key = Self { folder: Some(data_dir.to_owned()), ..Self::passing()? };
        // Temporary files are made for their owner alone.
        let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
        file.write_all(&key.bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        #[cfg(unix)]
        fs::File::open(data_dir)?.sync_all()?;
        Ok(key)
    }
}

/// A copy or a careless hand may have opened it to others.
fn keep_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "others could read the key of the sessions; now they can't");
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
impl SessionKey {
    /// The same for every test.
    pub fn of_tests() -> Self {
        Self { bytes: [7; 32], folder: None }
    }
}

/// Compares all of two hashes, however they differ.
pub fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a[..].ct_eq(&b[..]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = SessionKey::open(folder.path()).unwrap();
        assert_eq!(SessionKey::open(folder.path()).unwrap().bytes, first.bytes);
        assert_ne!(SessionKey::passing().unwrap().bytes, first.bytes);
        fs::write(folder.path().join(FILE), b"short").unwrap();
        let second = SessionKey::open(folder.path()).unwrap();
        assert_ne!(second.bytes, first.bytes);
        assert_eq!(SessionKey::open(folder.path()).unwrap().bytes, second.bytes);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        SessionKey::open(folder.path()).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        SessionKey::open(folder.path()).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn what_is_signed_for_one_purpose_is_good_for_no_other() {
        let key = SessionKey::of_tests();
        assert_ne!(key.sign("a", &[b"x"]), key.sign("b", &[b"x"]));
        assert_ne!(key.sign("a", &[b"x", b"yz"]), key.sign("a", &[b"xy", b"z"]));
    }
}
