//! Runs that wait to be indexed, with all that they are found by.

use rusqlite::{OptionalExtension, Row, params};

use super::error::Error;
use super::readers::StoreReader;
use super::unindexed::Indexed;
use super::{detail, list};
use crate::model::{Attachment, DocumentKind, GenerationId, Summary};
use crate::sqlite::codes::Coded;

/// The newest first: they are looked for most.
const WAITING: &str = "
    SELECT generation_id, change FROM unindexed WHERE generation_id < ?1 ORDER BY generation_id DESC LIMIT ?2";
const WAITS: &str = "SELECT generation_id, change FROM unindexed WHERE generation_id = ?1";
const HAS: &str = "SELECT 1 FROM documents WHERE generation_id = ?1 AND kind = ?2";

/// Bytes of prompts read at once; the last may go beyond. What they are found by takes some ten times as much.
const MOST_BYTES: usize = 6 << 20;

/// A run that waits to be indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unindexed {
    pub summary: Summary,
    /// What it gave and read.
    pub attachments: Vec<Attachment>,
    /// The prompt; `None` when there is none, or it can't be read.
    pub prompt: Option<String>,
    /// Whether the editor's workflow is kept.
    pub has_workflow: bool,
    /// Which of its changes this is.
    change: i64,
}

impl Unindexed {
    /// The word that it was indexed; `model` is the name of its main model.
    pub fn done(&self, model: Option<String>) -> Indexed {
        Indexed { id: self.summary.id, change: self.change, status: self.summary.status, model }
    }
}

/// Up to `most` of those that wait, newest first, from below a run on.
pub(super) fn unindexed(reader: &StoreReader, below: Option<GenerationId>, most: u32) -> Result<Vec<Unindexed>, Error> {
    let below = below.map_or(i64::MAX, |id| id.0);
    let mut statement = reader.prepare_cached(WAITING)?;
    let waiting = statement.query_map([below, most.into()], waiting_from_row)?.collect::<Result<_, _>>()?;
    load(reader, waiting)
}

/// Those of some runs that wait.
pub(super) fn unindexed_of(reader: &StoreReader, ids: &[GenerationId]) -> Result<Vec<Unindexed>, Error> {
    let mut statement = reader.prepare_cached(WAITS)?;
    let waiting = ids.iter().filter_map(|id| statement.query_row([id.0], waiting_from_row).optional().transpose());
    load(reader, waiting.collect::<Result<_, _>>()?)
}

/// A run that waits, and its change.
type Waiting = (GenerationId, i64);

fn waiting_from_row(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok((GenerationId(row.get("generation_id")?), row.get("change")?))
}

/// Reads runs until their prompts are long enough.
fn load(reader: &StoreReader, waiting: Vec<Waiting>) -> Result<Vec<Unindexed>, Error> {
    let (mut found, mut bytes) = (Vec::with_capacity(waiting.len()), 0);
    for (id, change) in waiting {
        let Some(summary) = list::summary(reader, id)? else { continue };
        let prompt = reader.companion.read_if_any(reader, id, DocumentKind::Prompt)?;
        bytes += prompt.as_ref().map_or(0, String::len);
        let attachments = detail::attachments(reader, id)?;
        let has_workflow = reader.prepare_cached(HAS)?.exists(params![id.0, Coded(DocumentKind::Workflow)])?;
        found.push(Unindexed { summary, attachments, prompt, has_workflow, change });
        if bytes > MOST_BYTES {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn nothing_that_waits_is_looked_for_in_a_whole_table() {
        for query in [super::WAITING, super::WAITS, super::HAS] {
            assert_searches(query);
        }
    }
}
