//! The connections that read the records, each with what unpacks texts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::texts::{Dictionaries, Texts};
use super::tie;
use crate::index::{self, Tie};
use crate::sqlite::pool::{self, Pool};

/// A connection that only reads; its companion unpacks the texts that it reads.
pub(super) type StoreReader = pool::Reader<Texts>;

/// The reading end; clones share the connections.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Pool<Texts>>,
    dictionaries: Arc<Dictionaries>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.fmt(f)
    }
}

impl Readers {
    /// Opens nothing yet.
    pub(super) fn new(file: PathBuf, time_limit: Duration) -> Self {
        let dictionaries = Arc::<Dictionaries>::default();
        let shared = Arc::clone(&dictionaries);
        let pool = Pool::new(file, time_limit, move || Texts::new(Arc::clone(&shared)));
        Self { pool: Arc::new(pool), dictionaries }
    }

    /// The database.
    pub(super) fn file(&self) -> &Path {
        self.pool.file()
    }

    /// Runs `work` inside one read transaction, see [`Pool::read`].
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&StoreReader) -> Result<T, Error> + Send + 'static,
    {
        self.pool.read(work).await
    }

    /// The same, and makes something of what was read, see [`Pool::read_and`].
    pub(super) async fn read_and<T, U, F>(
        &self,
        work: F,
        make: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, Error>
    where
        U: Send + 'static,
        F: FnOnce(&StoreReader) -> Result<T, Error> + Send + 'static,
    {
        self.pool.read_and(work, make).await
    }

    /// What an index must have to be this database's.
    pub(super) async fn tie(&self) -> Result<Tie, index::Error> {
        self.pool.read(|conn| Ok(tie::read(conn)?)).await
    }

    /// Ends every connection.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Lets go of connections and texts that nobody has used for so long.
    pub(super) fn rest(&self, unused: Duration) {
        self.pool.rest(unused);
        self.dictionaries.rest(unused);
    }

    /// How many connections have nothing to do, and how many texts are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.pool.idle(), self.dictionaries.len())
    }
}
