//! What the store notes for the daemon besides runs: the ComfyUI servers that were found by looking for them, and whether
//! whoever started it first was told how it went.

use rusqlite::{Connection, OptionalExtension};

use super::{Error, Store};
use crate::model::{InstanceName, Timestamp};

const NOTE: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
const NOTED: &str = "SELECT value FROM meta WHERE key = ?1";
const HAS_RUNS: &str = "SELECT EXISTS (SELECT 1 FROM generations)";

const NOTE_FIRST: &str = "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)";
const FORGET: &str = "DELETE FROM meta WHERE key = ?1";

const FOUND: &str = "comfyui_found";
const GREETED: &str = "greeted";
const ORPHANED: &str = "orphaned_since";

impl Store {
    /// The ComfyUI servers that were found by looking for them, by name, each with its address.
    pub async fn found_servers(&self) -> Result<Vec<(InstanceName, String)>, Error> {
        self.readers.read(|conn| found(conn)).await
    }

    /// Notes which were found, in the place of those that were noted before.
    pub async fn note_found_servers(&self, found: Vec<(InstanceName, String)>) -> Result<(), Error> {
        self.writer.write(move |session| note_found(&session.conn, &found)).await
    }

    /// Whether no run was ever recorded, and nobody was told how the first start went.
    pub async fn is_new(&self) -> Result<bool, Error> {
        self.readers.read(|conn| is_new(conn)).await
    }

    /// Notes that files were found then whose records are gone; what was noted first stays.
    pub async fn note_orphaned(&self, at: Timestamp) -> Result<(), Error> {
        self.writer.write(move |session| note_orphaned(&session.conn, at)).await
    }

    /// When files were found whose records are gone.
    pub async fn orphaned_since(&self) -> Result<Option<Timestamp>, Error> {
        self.readers.read(|conn| orphaned_since(conn)).await
    }

    /// Notes that there are none any more.
    pub async fn forget_orphaned(&self) -> Result<(), Error> {
        let forget = |conn: &Connection| Ok(conn.prepare_cached(FORGET)?.execute([ORPHANED]).map(drop)?);
        self.writer.write(move |session| forget(&session.conn)).await
    }

    /// Notes that it was told.
    pub async fn note_greeted(&self) -> Result<(), Error> {
        self.writer.write(|session| note_greeted(&session.conn)).await
    }
}

fn found(conn: &Connection) -> Result<Vec<(InstanceName, String)>, Error> {
    let text: Option<String> = conn.prepare_cached(NOTED)?.query_row([FOUND], |row| row.get("value")).optional()?;
    let rows: Vec<(String, String)> = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(rows.into_iter().filter_map(|(name, url)| Some((name.parse().ok()?, url))).collect())
}

fn note_found(conn: &Connection, found: &[(InstanceName, String)]) -> Result<(), Error> {
    let rows: Vec<(&str, &str)> = found.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect();
    let text = serde_json::Value::from_iter(rows.into_iter().map(|(name, url)| vec![name, url])).to_string();
    conn.prepare_cached(NOTE)?.execute([FOUND, &text])?;
    Ok(())
}

fn is_new(conn: &Connection) -> Result<bool, Error> {
    let has_runs: bool = conn.prepare_cached(HAS_RUNS)?.query_row([], |row| row.get(0))?;
    Ok(!has_runs && !conn.prepare_cached(NOTED)?.exists([GREETED])?)
}

fn note_orphaned(conn: &Connection, at: Timestamp) -> Result<(), Error> {
    conn.prepare_cached(NOTE_FIRST)?.execute([ORPHANED, &at.as_millis().to_string()])?;
    Ok(())
}

fn orphaned_since(conn: &Connection) -> Result<Option<Timestamp>, Error> {
    let text: Option<String> = conn.prepare_cached(NOTED)?.query_row([ORPHANED], |row| row.get("value")).optional()?;
    Ok(text.and_then(|millis| millis.parse().ok()).map(Timestamp::from_millis))
}

fn note_greeted(conn: &Connection) -> Result<(), Error> {
    conn.prepare_cached(NOTE)?.execute([GREETED, "1"])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::Store;
    use crate::store::tests::assert_searches;

    #[test]
    fn a_note_is_found_by_its_name() {
        assert_searches(super::NOTED);
    }

    #[tokio::test]
    async fn what_was_noted_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!((store.found_servers().await.unwrap(), store.is_new().await.unwrap()), (vec![], true));
        let found = vec![
            ("default".parse().unwrap(), "http://127.0.0.1:8000/".to_owned()),
            ("port-8188".parse().unwrap(), "http://127.0.0.1:8188/".to_owned()),
        ];
        store.note_found_servers(found.clone()).await.unwrap();
        store.note_greeted().await.unwrap();
        store.close().await.unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!((store.found_servers().await.unwrap(), store.is_new().await.unwrap()), (found, false));
    }
}
