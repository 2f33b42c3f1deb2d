//! What a recorder writes, and what it asks to know what to write.

use std::ops::Deref;
use std::sync::Arc;

use super::attachment::AttachmentKey;
use super::error::Error;
use super::files::{self, Fetched, WantedFile};
use super::gaps;
use super::history::History;
use super::known::{self, Known};
use super::save::{self, Save};
use super::writer::{Session, Writer};
use crate::model::{Comfyui, FileRef, GapKind, GenerationId, InstanceId, InstanceName, PromptId, Timestamp, Trouble};

/// Writes runs, files and gaps, and reads the history; clones share the connections.
#[derive(Debug, Clone)]
pub struct Recording {
    pub(super) writer: Writer,
    pub(super) history: History,
}

/// Whoever may write may read.
impl Deref for Recording {
    type Target = History;

    fn deref(&self) -> &History {
        &self.history
    }
}

impl Recording {
    /// The number of the instance with this name, new if the name is.
    pub async fn instance(&self, name: &InstanceName) -> Result<InstanceId, Error> {
        let name = name.clone();
        self.writer.write(move |session| save::instance(session, &name)).await
    }

    /// Writes a batch of runs of one instance, all of them or none. The ids come in the order of the runs. What `comfyui`
    /// knows is noted with runs that don't have it yet.
    ///
    /// # Errors
    /// [`Error::UnknownGeneration`] when a run to be changed isn't there; else what SQLite says.
    pub async fn save(
        &self,
        instance: InstanceId,
        comfyui: &Comfyui,
        runs: impl Into<Arc<[Save]>>,
    ) -> Result<Vec<GenerationId>, Error> {
        let (comfyui, runs) = (comfyui.clone(), runs.into());
        self.writer.write(move |session| save::save(session, instance, &comfyui, &runs)).await
    }

    /// Notes what became of files. What is stored stays stored, so doing it twice is harmless; unknown keys are passed over.
    pub async fn settle(&self, files: Vec<(AttachmentKey, Fetched)>) -> Result<(), Error> {
        self.writer.write(move |session| files::settle(session, &files)).await
    }

    /// Makes every file that waits for its next try due now.
    pub async fn retry_files(&self, instance: InstanceId) -> Result<(), Error> {
        self.writer.write(move |session| files::retry(&session.conn, instance)).await
    }

    /// The runs with these ids of ComfyUI's, in the order of our ids. Of an id that hundreds of runs share, the newest
    /// hundred of each status.
    pub async fn known(&self, instance: InstanceId, prompt_ids: Vec<PromptId>) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::known(conn, instance, &prompt_ids)).await
    }

    /// The runs that ComfyUI still owes a result, oldest first.
    pub async fn open_runs(&self, instance: InstanceId) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::open_runs(conn, instance)).await
    }

    /// The run that started last, of those that are finished and that ComfyUI's history tells or told of: not the lost,
    /// not those taken out of the queue.
    pub async fn newest_finished(&self, instance: InstanceId) -> Result<Option<Known>, Error> {
        self.readers.read(move |conn| known::newest_finished(conn, instance)).await
    }

    /// The newest id of all runs, of every instance; 0 where there is none.
    pub async fn newest_id(&self) -> Result<GenerationId, Error> {
        self.readers.read(|conn| known::newest_id(conn)).await
    }

    /// The newest of the runs up to that one which ended as ComfyUI's history tells or told: one of each status, newest
    /// first.
    pub async fn ended_up_to(&self, instance: InstanceId, up_to: GenerationId) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::ended_up_to(conn, instance, up_to)).await
    }

    /// Up to `limit` files to be fetched by `due`, never tried ones of the newest run first. A file is due at once when its run is saved.
    pub async fn wanted_files(
        &self,
        instance: InstanceId,
        due: Timestamp,
        limit: u32,
    ) -> Result<Vec<WantedFile>, Error> {
        self.readers.read(move |conn| files::wanted(conn, instance, due, limit)).await
    }

    /// When the next file is due; in the past when one is due already, `None` when none is wanted.
    pub async fn next_wanted_at(&self, instance: InstanceId) -> Result<Option<Timestamp>, Error> {
        self.readers.read(move |conn| files::next_wanted_at(conn, instance)).await
    }

    /// Whether a run of the same instance, created after that of `key` and not after `until`, names the same output file:
    /// then the bytes under this name may be the later run's. Looks at all runs between the two times.
    pub async fn is_named_later(&self, key: AttachmentKey, file: &FileRef, until: Timestamp) -> Result<bool, Error> {
        let file = file.clone();
        self.readers.read(move |conn| files::is_named_later(conn, key, &file, until)).await
    }

    /// Notes that an instance isn't listened to since then. There is one open gap of a kind: opening it again changes
    /// nothing but the reason, if there is one.
    pub async fn open_gap(
        &self,
        instance: InstanceId,
        kind: GapKind,
        started_at: Timestamp,
        reason: Option<Trouble>,
    ) -> Result<(), Error> {
        let work = move |session: &mut Session| gaps::open(&session.conn, instance, kind, started_at, reason.as_ref());
        self.writer.write(work).await
    }

    /// Notes that an instance is listened to again. Without an open gap of that kind it changes nothing.
    pub async fn close_gap(
        &self,
        instance: InstanceId,
        kind: GapKind,
        ended_at: Timestamp,
        may_have_missed: bool,
    ) -> Result<(), Error> {
        self.writer.write(move |session| gaps::close(&session.conn, instance, kind, ended_at, may_have_missed)).await
    }

    /// Forgets the open gap of that kind, if there is one: it was too short to tell.
    pub async fn drop_gap(&self, instance: InstanceId, kind: GapKind) -> Result<(), Error> {
        self.writer.write(move |session| gaps::drop(&session.conn, instance, kind)).await
    }

    /// Notes that runs came and went unseen in that time, `more` of them; in the gap of that number, if it is given. Gives
    /// the number of the gap.
    pub async fn note_unseen(
        &self,
        instance: InstanceId,
        gap: Option<i64>,
        (from, until): (Timestamp, Timestamp),
        more: u64,
    ) -> Result<i64, Error> {
        self.writer.write(move |session| gaps::note_unseen(&session.conn, instance, gap, (from, until), more)).await
    }

    /// Where ComfyUI may have been restarted between two runs, in ascending order: behind each of these.
    pub async fn breaks(&self, instance: InstanceId) -> Result<Vec<GenerationId>, Error> {
        self.readers.read(move |conn| gaps::breaks(conn, instance)).await
    }

    /// Notes that ComfyUI may have been restarted between these runs and the next.
    pub async fn note_breaks(&self, instance: InstanceId, after: Vec<GenerationId>) -> Result<(), Error> {
        self.writer.write(move |session| gaps::note_breaks(&session.conn, instance, &after)).await
    }

    /// It is known now whether ComfyUI was restarted.
    pub async fn forget_breaks(&self, instance: InstanceId) -> Result<(), Error> {
        self.writer.write(move |session| gaps::forget_breaks(&session.conn, instance)).await
    }

    /// Notes that the daemon is at work, for the next one to see how long none was.
    pub async fn note_alive(&self, at: Timestamp) -> Result<(), Error> {
        self.writer.write(move |session| gaps::note_alive(&session.conn, at)).await
    }

    /// When that was noted last; `None` if never.
    pub async fn last_alive(&self) -> Result<Option<Timestamp>, Error> {
        self.readers.read(|conn| gaps::last_alive(conn)).await
    }
}
