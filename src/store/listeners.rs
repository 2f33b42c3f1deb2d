//! Who is told when a run has ended: the message is noted in the transaction that ends it.

use rusqlite::{Connection, params};

use super::error::Error;
use crate::model::{GenerationId, InstanceId, Status, Timestamp};
use crate::sqlite::codes::Coded;

const NOTE: &str = "
    INSERT INTO deliveries (webhook_id, generation_id, status, ended_at, next_at, attempts)
    VALUES (?1, ?2, ?3, ?4, ?4, 0)";

/// Somebody to be told, with the numbers that rows have.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) webhook: i64,
    pub(super) since: Timestamp,
    pub(super) statuses: Vec<Status>,
    pub(super) instances: Vec<InstanceId>,
}

impl Listener {
    fn wants(&self, instance: InstanceId, status: Status, ended_at: Timestamp) -> bool {
        ended_at >= self.since
            && (self.statuses.is_empty() || self.statuses.contains(&status))
            && (self.instances.is_empty() || self.instances.contains(&instance))
    }
}

/// Notes that a run ended, for all who want to know.
pub(super) fn note(
    conn: &Connection,
    listeners: &[Listener],
    (instance, id, status): (InstanceId, GenerationId, Status),
    ended_at: Timestamp,
) -> Result<(), Error> {
    for listener in listeners.iter().filter(|listener| listener.wants(instance, status, ended_at)) {
        let now = Timestamp::now().as_millis();
        conn.prepare_cached(NOTE)?.execute(params![listener.webhook, id.0, Coded(status), now])?;
    }
    Ok(())
}
