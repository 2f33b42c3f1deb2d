//! The open index, as others ask and fill it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::error::Error;
use super::file::IndexFile;
use super::hits::Hits;
use super::tie::{self, Tie, TieSource};
use super::{build, database, facets, suggest};
use crate::model::{
    Counted, Cursor, Entry, Facet, Filter, GenerationId, Limit, List, Neighbours, Page, Start, Timestamp,
};
use crate::paging::{self, Place};

/// The open index; clones share it.
#[derive(Debug, Clone)]
pub struct Index(pub(super) Arc<IndexFile>);

impl Index {
    /// Opens the index of a data folder, or makes it; what is there and can't be used is replaced. Where that fails, it is
    /// tried again with each write, and nothing is found till then.
    pub fn open(folder: &Path, tie: Tie) -> Self {
        let index = Self(Arc::new(IndexFile::new(folder, tie, None)));
        index.0.prepare();
        index
    }

    /// The index of a data folder for reading alone, beside the one who writes or without one. Opens nothing yet.
    pub fn read_only(folder: &Path, tie_source: TieSource) -> Self {
        Self(Arc::new(IndexFile::new(folder, Tie::default(), Some(tie_source))))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Lets go of the file.
    pub fn close(&self) {
        self.0.close();
    }

    /// Lets go of what is only held to answer faster, where nobody wanted it for so long.
    pub async fn rest(&self, unused: Duration) {
        self.0.recent.rest(unused);
        self.0.values.rest(unused);
        let file = Arc::clone(&self.0);
        // Nothing is amiss if not: it rests with the next round.
        let _ = tokio::task::spawn_blocking(move || file.rest(unused)).await;
    }

    /// Returns when the file was rebuilt, at once if that was so since the last call.
    pub async fn lost(&self) {
        self.0.lost().await;
    }

    /// Who derived what it has, as [`Index::set_derived_by`] noted; `None`: nobody, or not all of it.
    pub async fn derived_by(&self) -> Result<Option<String>, Error> {
        self.0.write(|conn| Ok(database::derived_by(conn)?)).await
    }

    /// Notes who derives what it has from now on.
    pub async fn set_derived_by(&self, version: &str) -> Result<(), Error> {
        let version = version.to_owned();
        self.0.write(move |conn| Ok(database::set_derived_by(conn, &version)?)).await
    }

    /// Whether this process has tied it to its database.
    pub fn is_tied(&self) -> bool {
        self.0.is_tied()
    }

    /// Ties it by this word, which the database has announced.
    pub async fn tie_by(&self, word: String) -> Result<(), Error> {
        self.0.change_tie(|tie| tie.announced(word.clone()));
        let (set, changes) = (word.clone(), self.0.tie().changes);
        self.0.write(move |conn| Ok(tie::tie_by(conn, &set, changes)?)).await?;
        self.0.set_tied(word);
        Ok(())
    }

    /// Takes runs in, each in place of what it has of it. Returns how often that was done, for [`Index::counted`].
    pub async fn add(&self, entries: Vec<Entry>) -> Result<i64, Error> {
        let changes = self.0.tie().changes + 1;
        let highest = entries.iter().map(|entry| entry.id.0).max().unwrap_or(0);
        let add = move |conn: &Connection| {
            build::add(conn, entries)?;
            tie::reach(conn, highest)?;
            Ok(tie::count(conn, changes)?)
        };
        self.0.write(add).await?;
        Ok(changes)
    }

    /// The database knows of that too.
    pub fn counted(&self, changes: i64) {
        self.0.change_tie(|tie| tie.counted(changes));
    }

    /// The places of a page.
    pub async fn page(&self, filter: Filter, start: Start, limit: Limit) -> Result<Page<Place>, Error> {
        self.ask(filter, move |conn, hits| paging::page(start, limit, |start, most| hits.places(conn, start, most)))
            .await
    }

    /// The runs beside a place.
    pub async fn neighbours(&self, filter: Filter, at: Cursor) -> Result<Neighbours, Error> {
        self.ask(filter, move |conn, hits| paging::neighbours(at, |start, most| hits.places(conn, start, most))).await
    }

    /// How many runs fit.
    pub async fn count(&self, filter: Filter) -> Result<u64, Error> {
        self.ask(filter, |conn, hits| hits.count(conn)).await
    }

    /// How many runs fit between each of these moments and the next.
    pub async fn days(&self, filter: Filter, starts: Vec<Timestamp>) -> Result<Vec<u64>, Error> {
        self.ask(filter, move |conn, hits| hits.days(conn, &starts)).await
    }

    /// Those of some places that fit.
    pub async fn among(&self, filter: Filter, places: Vec<Cursor>) -> Result<Vec<GenerationId>, Error> {
        self.ask(filter, move |conn, hits| hits.among(conn, &places)).await
    }

    /// The most frequent values of lists among the runs of a filter.
    pub async fn facets(&self, filter: Filter, lists: Vec<List>, most: usize) -> Result<Vec<Facet>, Error> {
        self.ask(filter, move |conn, hits| facets::facets(conn, &hits.clipped(conn)?, &lists, most)).await
    }

    /// Values or words for somebody who typed `folded`.
    pub async fn suggest(&self, list: List, folded: &str, most: usize) -> Result<Vec<Counted>, Error> {
        let (file, folded) = (Arc::clone(&self.0), folded.to_owned());
        self.0.read(move |conn| suggest::suggest(conn, &file.values, list, &folded, most)).await
    }

    /// Asks of the runs that a filter lets through.
    async fn ask<T, F>(&self, filter: Filter, question: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Hits) -> Result<T, Error> + Send + 'static,
    {
        let file = Arc::clone(&self.0);
        self.0.read(move |conn| question(conn, &Hits::find(conn, &filter, &file.recent)?)).await
    }
}
