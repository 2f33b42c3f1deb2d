//! What is to be told to others: noted in the transaction that ends a run, gone when it was heard.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::error::Error;
use super::listeners::Listener;
use super::readers::Readers;
use super::writer::{Session, Writer};
use crate::model::{Delivery, Digest, GenerationId, InstanceId, Subscriber, Timestamp};
use crate::sqlite::codes::{Coded, DigestBytes};

const KNOWN: &str = "SELECT id, address FROM webhooks";
const FORGET: &str = "DELETE FROM webhooks WHERE id = ?1";
const ADD: &str = "INSERT INTO webhooks (address, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT id, since FROM webhooks WHERE address = ?1";
const INSTANCE: &str = "SELECT id FROM instances WHERE name = ?1";
const DUE: &str = "
    SELECT id, generation_id, status, ended_at, attempts FROM deliveries
    WHERE webhook_id = (SELECT id FROM webhooks WHERE address = ?1) AND next_at <= ?2 ORDER BY next_at, id LIMIT ?3";
const NEXT: &str = "
    SELECT next_at FROM deliveries WHERE webhook_id = (SELECT id FROM webhooks WHERE address = ?1)
    ORDER BY next_at LIMIT 1";
const HEARD: &str = "DELETE FROM deliveries WHERE id = ?1";
const LATER: &str = "UPDATE deliveries SET next_at = ?2, attempts = attempts + ?3 WHERE id = ?1";
const WAITING: &str = "SELECT count(*) AS deliveries FROM deliveries";

/// Messages about runs that ended: who is told, and what waits. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Deliveries {
    pub(super) writer: Writer,
    pub(super) readers: Readers,
}

impl Deliveries {
    /// From now on these are told when a run has ended; what is still to be told to others is forgotten. Their instances
    /// have to be there, see [`super::Recording::instance`].
    pub async fn subscribe(&self, subscribers: Vec<Subscriber>) -> Result<(), Error> {
        self.writer.write(move |session| subscribe(session, &subscribers, Timestamp::now())).await
    }

    /// Up to `most` messages to that address that are due, the longest due first.
    pub async fn due_deliveries(&self, address: Digest, now: Timestamp, most: u32) -> Result<Vec<Delivery>, Error> {
        self.readers.read(move |conn| due(conn, DigestBytes(address), now, most)).await
    }

    /// When the next message to that address is due; `None` when there is none.
    pub async fn next_delivery_at(&self, address: Digest) -> Result<Option<Timestamp>, Error> {
        self.readers.read(move |conn| next_at(conn, DigestBytes(address))).await
    }

    /// Notes that a message was heard, or given up.
    pub async fn delivery_heard(&self, id: i64) -> Result<(), Error> {
        self.writer.write(move |session| heard(&session.conn, id)).await
    }

    /// Notes that a message is sent at that time. `was_tried`: whether it was now.
    pub async fn delivery_later(&self, id: i64, at: Timestamp, was_tried: bool) -> Result<(), Error> {
        self.writer.write(move |session| later(&session.conn, id, at, was_tried)).await
    }
}

fn subscribe(session: &mut Session, subscribers: &[Subscriber], now: Timestamp) -> Result<(), Error> {
    let conn = &session.conn;
    let known: Vec<(i64, DigestBytes)> = {
        let mut statement = conn.prepare_cached(KNOWN)?;
        let rows = statement.query_map([], |row| Ok((row.get("id")?, row.get("address")?)))?;
        rows.collect::<Result<_, _>>()?
    };
    for (id, address) in known {
        if subscribers.iter().all(|subscriber| subscriber.address != address.0) {
            conn.prepare_cached(FORGET)?.execute([id])?;
        }
    }
    let mut listeners = Vec::with_capacity(subscribers.len());
    for Subscriber { address, statuses, instances } in subscribers {
        conn.prepare_cached(ADD)?.execute(params![DigestBytes(*address), now.as_millis()])?;
        let (webhook, since): (i64, i64) = conn
            .prepare_cached(FIND)?
            .query_row([DigestBytes(*address)], |row| Ok((row.get("id")?, row.get("since")?)))?;
        let mut number = conn.prepare_cached(INSTANCE)?;
        let instances =
            instances.iter().map(|name| number.query_row([name.as_str()], |row| row.get("id").map(InstanceId)));
        let instances = instances.collect::<Result<_, _>>()?;
        let since = Timestamp::from_millis(since);
        listeners.push(Listener { webhook, since, statuses: statuses.clone(), instances });
    }
    session.listeners = listeners;
    Ok(())
}

fn due(conn: &Connection, address: DigestBytes, now: Timestamp, most: u32) -> Result<Vec<Delivery>, Error> {
    let mut statement = conn.prepare_cached(DUE)?;
    let rows = statement.query_map(params![address, now.as_millis(), most], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get("id")?,
        generation: GenerationId(row.get("generation_id")?),
        status: row.get::<_, Coded<_>>("status")?.0,
        ended_at: Timestamp::from_millis(row.get("ended_at")?),
        attempts: row.get("attempts")?,
    })
}

fn next_at(conn: &Connection, address: DigestBytes) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> = conn.prepare_cached(NEXT)?.query_row([address], |row| row.get("next_at")).optional()?;
    Ok(next.map(Timestamp::from_millis))
}

fn heard(conn: &Connection, id: i64) -> Result<(), Error> {
    conn.prepare_cached(HEARD)?.execute([id])?;
    Ok(())
}

fn later(conn: &Connection, id: i64, at: Timestamp, was_tried: bool) -> Result<(), Error> {
    conn.prepare_cached(LATER)?.execute(params![id, at.as_millis(), was_tried])?;
    Ok(())
}

pub(super) fn waiting(conn: &Connection) -> Result<u64, Error> {
    let waiting: i64 = conn.prepare_cached(WAITING)?.query_row([], |row| row.get("deliveries"))?;
    Ok(waiting.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn nothing_that_is_to_be_told_is_looked_for_in_a_whole_table() {
        for query in [super::FIND, super::DUE, super::NEXT, super::HEARD, super::LATER] {
            assert_searches(query);
        }
    }
}
