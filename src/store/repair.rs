//! Rows that say they have bytes that aren't there: what they say from now on.

use rusqlite::{OptionalExtension as _, params};

use super::attachment::AttachmentKey;
use super::database::Store;
use super::error::Error;
use super::writer::Session;
use super::{outputs, sightings, unindexed};
use crate::model::{AttachmentState, Digest, Role, Trouble};
use crate::sqlite::codes::{Coded, DigestBytes};

const GIVE_UP: &str = "UPDATE attachments SET state = ?4, blob_id = NULL, reason = ?5 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3 AND state = ?6 AND filename IS NOT NULL";
const WANT: &str = "
    INSERT INTO wanted (generation_id, role, idx, instance_id, next_at, attempts)
    SELECT id, ?2, ?3, instance_id, -id, 0 FROM generations WHERE id = ?1 ON CONFLICT DO NOTHING";
/// SQLite looks through all attachments for one that still names it.
const FORGET: &str = "DELETE FROM blobs WHERE sha256 = ?1";
const BLOB: &str = "SELECT id FROM blobs WHERE sha256 = ?1";

/// What becomes of a file whose kept copy is no good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is fetched again; why.
    Wanted(Trouble),
    /// It is gone; why.
    Missing(Trouble),
}

impl Store {
    /// Notes that the bytes that these rows name are no good, and forgets the bytes: nothing may name them any more. All
    /// of it or nothing; doing it twice changes nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn give_up(&self, digest: Option<Digest>, files: Vec<(AttachmentKey, Fate)>) -> Result<(), Error> {
        self.writer.write(move |session| give_up(session, digest, &files)).await
    }
}

fn give_up(session: &mut Session, digest: Option<Digest>, files: &[(AttachmentKey, Fate)]) -> Result<(), Error> {
    let Session { conn, tallies, changes, .. } = session;
    for (key, fate) in files {
        let (state, reason) = match fate {
            Fate::Wanted(reason) => (AttachmentState::Pending, reason),
            Fate::Missing(reason) => (AttachmentState::Missing, reason),
        };
        let (run, role, stored) = (key.generation, Coded(key.role), Coded(AttachmentState::Stored));
        let changed = conn.prepare_cached(GIVE_UP)?.execute(params![
            run.0,
            role,
            key.index,
            Coded(state),
            reason.kept(),
            stored
        ])?;
        if changed == 0 {
            continue;
        }
        if state == AttachmentState::Pending {
            conn.prepare_cached(WANT)?.execute(params![run.0, role, key.index])?;
        }
        if key.role == Role::Output {
            outputs::sum_up(conn, tallies, run)?;
        }
        unindexed::note(conn, run)?;
        changes.run_as_it_is(conn, run)?;
    }
    if let Some(digest) = digest {
        let known = conn.prepare_cached(BLOB)?.query_row([DigestBytes(digest)], |row| row.get("id")).optional()?;
        if let Some(id) = known {
            sightings::forget_bytes(conn, id)?;
            conn.prepare_cached(FORGET)?.execute([DigestBytes(digest)])?;
        }
    }
    tallies.write(conn)
}
