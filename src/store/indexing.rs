//! How runs get into the index.

use super::error::Error;
use super::history::History;
use super::tie;
use super::unindexed::{self, Indexed};
use super::waiting::{self, Unindexed};
use super::writer::{Session, Writer};
use crate::model::{Entry, GenerationId, IndexProgress};

/// Brings runs into the index, and notes which wait. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Indexing {
    pub(super) writer: Writer,
    pub(super) history: History,
}

impl Indexing {
    /// Up to `most` of the runs that wait to be indexed, the newest first, from below one on; fewer when their prompts are
    /// long.
    pub async fn unindexed(&self, below: Option<GenerationId>, most: u32) -> Result<Vec<Unindexed>, Error> {
        self.history.readers.read(move |conn| waiting::unindexed(conn, below, most)).await
    }

    /// Those of some runs that wait to be indexed.
    pub async fn unindexed_of(&self, ids: Vec<GenerationId>) -> Result<Vec<Unindexed>, Error> {
        self.history.readers.read(move |conn| waiting::unindexed_of(conn, &ids)).await
    }

    /// Takes runs into the index, each in place of what it has of it; then they wait no more.
    ///
    /// # Errors
    /// Nothing is lost by any of them: the runs wait on. After [`Error::Index`] call [`Indexing::derive_again`].
    pub async fn index(&self, entries: Vec<Entry>, indexed: Vec<Indexed>) -> Result<(), Error> {
        let changes = self.history.index.add(entries).await?;
        let done = move |session: &mut Session| {
            unindexed::done(session, &indexed)?;
            tie::count(&session.conn, changes)
        };
        self.writer.write(done).await?;
        self.history.index.counted(changes);
        Ok(())
    }

    /// Returns when the index was broken and is empty now: time for [`Indexing::derive_again`].
    pub async fn index_lost(&self) {
        self.history.index.lost().await;
    }

    /// Has every run indexed again if what the index has wasn't derived by `version`, or all of it is to be derived `anew`.
    /// Gives whether that is so.
    pub async fn derive_again(&self, version: &str, anew: bool) -> Result<bool, Error> {
        if !self.history.index.is_tied() {
            let word = self.writer.write(|session| tie::announce(&session.conn)).await?;
            self.history.index.tie_by(word.clone()).await?;
            self.writer.write(move |session| tie::settle(&session.conn, &word)).await?;
        }
        if !anew && self.history.index.derived_by().await?.as_deref() == Some(version) {
            return Ok(false);
        }
        self.writer.write(|session| unindexed::note_all(&session.conn)).await?;
        self.history.index.set_derived_by(version).await?;
        Ok(true)
    }

    /// How far the index is.
    pub async fn progress(&self) -> Result<IndexProgress, Error> {
        self.history.index_progress().await
    }
}
