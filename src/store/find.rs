//! What the index adds to the store: searches, and how runs get into it.

use std::sync::Arc;

use super::database::Store;
use super::error::Error;
use super::readers::Reader;
use super::unindexed::{self, Indexed};
use super::waiting::{self, Unindexed};
use super::writer::Session;
use super::{count, list, tie};
use crate::model::{
    Counted, DocumentKind, Entry, Facet, Filter, GenerationId, IndexProgress, Limit, List, Neighbours, Page, Start,
    Summary,
};

impl Store {
    /// A page of the runs that the index finds.
    pub(super) async fn find(&self, filter: Filter, start: Start, limit: Limit) -> Result<Page<Summary>, Error> {
        let page = self.index.page(filter.clone(), start, limit).await?;
        let mut page = self.readers.read(move |conn| list::summaries(conn, page)).await?;
        // The index follows a moment behind.
        page.items.retain(|run| filter.takes(run));
        Ok(page)
    }

    /// The same as [`Store::neighbours`], for those that the index finds.
    pub(super) async fn find_neighbours(&self, filter: Filter, id: GenerationId) -> Result<Option<Neighbours>, Error> {
        match self.readers.read(move |conn| list::place(conn, id)).await? {
            Some(place) => Ok(Some(self.index.neighbours(filter, place).await?)),
            None => Ok(None),
        }
    }

    /// The newest runs that the index finds, at most so many.
    pub async fn first_found(&self, filter: Filter, most: u32) -> Result<Vec<GenerationId>, Error> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut found, mut start) = (Vec::new(), Start::Newest);
        while found.len() < most {
            let page = self.index.page(filter.clone(), start, Limit::MOST).await?;
            found.extend(page.items.into_iter().map(|(_, id)| GenerationId(id)));
            let Some(next) = page.next else { break };
            start = Start::Older(next);
        }
        found.truncate(most);
        Ok(found)
    }

    /// Those of these runs that the index finds.
    pub async fn found(&self, filter: Filter, ids: Vec<GenerationId>) -> Result<Vec<GenerationId>, Error> {
        let places = move |conn: &Reader| ids.into_iter().filter_map(|id| list::place(conn, id).transpose()).collect();
        let places = self.readers.read(places).await?;
        Ok(self.index.among(filter, places).await?)
    }

    /// The most frequent values of each of these lists among the runs of a filter, at most `most` of each.
    pub async fn facets(&self, filter: Filter, lists: &[List], most: usize) -> Result<Vec<Facet>, Error> {
        Ok(self.index.facets(filter, lists.to_vec(), most).await?)
    }

    /// Values or words of a list for somebody who typed `folded`, the most frequent first: of a list of words those that
    /// begin so, of a list of values those in which a word begins so.
    pub async fn suggest(&self, list: List, folded: &str, most: usize) -> Result<Vec<Counted>, Error> {
        Ok(self.index.suggest(list, folded, most).await?)
    }

    /// How far the index is.
    pub async fn index_progress(&self) -> Result<IndexProgress, Error> {
        let progress = |conn: &Reader| {
            Ok(IndexProgress { waiting: unindexed::count(conn)?, runs: count::count(conn, &Filter::default())? })
        };
        self.readers.read(progress).await
    }

    /// What `read` makes of the prompt of each of these runs, in their order; runs without a prompt that can be read are
    /// passed over. Two prompts are in memory at a time, on two threads, and nobody waits for `read` but who asked.
    pub async fn of_prompts<T: Send + 'static>(
        &self,
        mut ids: Vec<GenerationId>,
        read: impl Fn(GenerationId, &str) -> T + Send + Sync + 'static,
    ) -> Result<Vec<(GenerationId, T)>, Error> {
        let read = Arc::new(read);
        let other = ids.split_off(ids.len().div_ceil(2));
        let (mut found, more) = tokio::try_join!(self.of_half(ids, Arc::clone(&read)), self.of_half(other, read))?;
        found.extend(more);
        Ok(found)
    }

    async fn of_half<T: Send + 'static>(
        &self,
        ids: Vec<GenerationId>,
        read: Arc<impl Fn(GenerationId, &str) -> T + Send + Sync + 'static>,
    ) -> Result<Vec<(GenerationId, T)>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let of_prompts = move |reader: &Reader| {
            let of_prompt = |id| {
                let prompt = reader.companion.read_if_any(reader, id, DocumentKind::Prompt)?;
                Ok(prompt.map(|prompt| (id, read(id, &prompt))))
            };
            ids.into_iter().map(of_prompt).filter_map(Result::transpose).collect()
        };
        self.readers.read(of_prompts).await
    }

    /// Up to `most` of the runs that wait to be indexed, the newest first, from below one on; fewer when their prompts are
    /// long.
    pub async fn unindexed(&self, below: Option<GenerationId>, most: u32) -> Result<Vec<Unindexed>, Error> {
        self.readers.read(move |conn| waiting::unindexed(conn, below, most)).await
    }

    /// Those of some runs that wait to be indexed.
    pub async fn unindexed_of(&self, ids: Vec<GenerationId>) -> Result<Vec<Unindexed>, Error> {
        self.readers.read(move |conn| waiting::unindexed_of(conn, &ids)).await
    }

    /// Takes runs into the index, each in place of what it has of it; then they wait no more.
    ///
    /// # Errors
    /// Nothing is lost by any of them: the runs wait on. After [`Error::Index`] call [`Store::derive_again`].
    pub async fn index(&self, entries: Vec<Entry>, indexed: Vec<Indexed>) -> Result<(), Error> {
        let changes = self.index.add(entries).await?;
        let done = move |session: &mut Session| {
            unindexed::done(session, &indexed)?;
            tie::count(&session.conn, changes)
        };
        self.writer.write(done).await?;
        self.index.counted(changes);
        Ok(())
    }

    /// Returns when the index was broken and is empty now: time for [`Store::derive_again`].
    pub async fn index_lost(&self) {
        self.index.lost().await;
    }

    /// Has every run indexed again if what the index has wasn't derived by `version`, or all of it is to be derived `anew`.
    /// Gives whether that is so.
    pub async fn derive_again(&self, version: &str, anew: bool) -> Result<bool, Error> {
        if !self.index.is_tied() {
            let word = self.writer.write(|session| tie::announce(&session.conn)).await?;
            self.index.tie_by(word.clone()).await?;
            self.writer.write(move |session| tie::settle(&session.conn, &word)).await?;
        }
        if !anew && self.index.derived_by().await?.as_deref() == Some(version) {
            return Ok(false);
        }
        self.writer.write(|session| unindexed::note_all(&session.conn)).await?;
        self.index.set_derived_by(version).await?;
        Ok(true)
    }
}
