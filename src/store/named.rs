//! Files by the name that ComfyUI gave them: what its `/view` is asked for. A name may be used again and again.

use rusqlite::{Connection, Row, params};

use super::error::Error;
use super::places::places;
use super::rows;
use crate::model::{AttachmentState, Blob, FileRef, Filter, PromptId, Start, Timestamp};
use crate::sqlite::codes::{Coded, FolderName};

/// Rows of one name that are looked at. Runs that were read back late have later ids than newer runs, but not by so many.
const MOST: u32 = 16;

/// Runs of one prompt_id whose files are looked at.
const RUNS: u32 = 16;

const BY_NAME: &str = "
    SELECT g.created_at, a.generation_id, a.state, b.sha256, b.bytes, b.kind, b.mime
    FROM (SELECT generation_id, state, blob_id FROM attachments
          WHERE filename = ?1 AND subfolder = ?2 AND folder = ?3 ORDER BY generation_id DESC LIMIT ?4) a
    CROSS JOIN generations g ON g.id = a.generation_id LEFT JOIN blobs b ON b.id = a.blob_id";
const OF_RUN: &str = "
    SELECT 0 AS created_at, a.generation_id, a.state, b.sha256, b.bytes, b.kind, b.mime
    FROM attachments a LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = ?4 AND a.filename = ?1 AND a.subfolder = ?2 AND a.folder = ?3 ORDER BY a.role, a.idx";

/// What is known of a file of some name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Its bytes are here.
    Kept(Blob),
    /// They are being fetched.
    Awaited,
    /// No run named such a file, or none whose bytes could be had.
    Unknown,
}

/// The file of that name: that of the newest run that named it, of those with this id of ComfyUI's if there is one.
pub(super) fn named(conn: &Connection, file: &FileRef, prompt_id: Option<PromptId>) -> Result<Named, Error> {
    let folder = FolderName(file.folder.as_str());
    let Some(prompt_id) = prompt_id else {
        let mut rows = collect(conn, BY_NAME, params![file.filename, file.subfolder, folder, MOST])?;
        rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.run)));
        return Ok(first(rows));
    };
    let filter = Filter { prompt_id: Some(prompt_id), ..Filter::default() };
    for (_, run) in places(conn, &filter, Start::Newest, RUNS)? {
        match first(collect(conn, OF_RUN, params![file.filename, file.subfolder, folder, run])?) {
            Named::Unknown => {}
            found => return Ok(found),
        }
    }
    Ok(Named::Unknown)
}

struct NamedMatch {
    created_at: Timestamp,
    run: i64,
    state: AttachmentState,
    blob: Option<Blob>,
}

/// The first that is here or still comes: where a later run couldn't give the bytes, they are the earlier run's.
fn first(rows: Vec<NamedMatch>) -> Named {
    let mut of_rows = rows.into_iter().filter_map(|row| match (row.state, row.blob) {
        (AttachmentState::Stored, Some(blob)) => Some(Named::Kept(blob)),
        (AttachmentState::Pending, _) => Some(Named::Awaited),
        (AttachmentState::Stored | AttachmentState::Missing, _) => None,
    });
    of_rows.next().unwrap_or(Named::Unknown)
}

fn collect(conn: &Connection, query: &str, of: &[&dyn rusqlite::ToSql]) -> Result<Vec<NamedMatch>, Error> {
    let mut statement = conn.prepare_cached(query)?;
    let rows = statement.query_map(of, from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<NamedMatch> {
    Ok(NamedMatch {
        created_at: Timestamp::from_millis(row.get("created_at")?),
        run: row.get("generation_id")?,
        state: row.get::<_, Coded<_>>("state")?.0,
        blob: rows::blob(row)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn a_name_is_looked_up_in_its_index_the_newest_first() {
        assert_searches(super::OF_RUN);
        let plan = plan(super::BY_NAME);
        assert!(
            plan.iter().any(|step| step.contains("attachments_by_name (filename=? AND subfolder=? AND folder=?)")),
            "{plan:?}"
        );
        let reads_table = |step: &String| step.starts_with("SCAN") && step != "SCAN a";
        assert!(!plan.iter().any(|step| reads_table(step) || step.contains("TEMP B-TREE")), "{plan:?}");
    }
}
