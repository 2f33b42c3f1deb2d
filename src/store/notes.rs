//! What the store notes for the daemon besides runs: the ComfyUI servers that were found by looking for them, and whether
//! whoever started it first was told how it went.

use rusqlite::{Connection, OptionalExtension};

use super::database::Store;
use super::error::Error;
use crate::model::{InstanceName, Rest, Timestamp};

const NOTE: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
const NOTED: &str = "SELECT value FROM meta WHERE key = ?1";
const HAS_RUNS: &str = "SELECT EXISTS (SELECT 1 FROM generations)";

const NOTE_FIRST: &str = "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)";
const FORGET: &str = "DELETE FROM meta WHERE key = ?1";

const FOUND: &str = "comfyui_found";
const GREETED: &str = "greeted";
const ORPHANED: &str = "orphaned_since";
/// Before the name of a ComfyUI.
const REST: &str = "rest:";

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

    /// How a ComfyUI was left, where it was left whole.
    pub async fn rest_of(&self, instance: InstanceName) -> Result<Option<Rest>, Error> {
        self.readers.read(move |conn| rest(conn, &instance)).await
    }

    /// Notes that it is left whole, or that it is listened to again.
    pub async fn note_rest(&self, instance: InstanceName, rest: Option<Rest>) -> Result<(), Error> {
        self.writer.write(move |session| note_rest(&session.conn, &instance, rest.as_ref())).await
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

fn rest(conn: &Connection, instance: &InstanceName) -> Result<Option<Rest>, Error> {
    let key = format!("{REST}{instance}");
    let text: Option<String> = conn.prepare_cached(NOTED)?.query_row([&key], |row| row.get("value")).optional()?;
    let noted: Option<(i64, bool, bool, Option<String>)> = text.and_then(|text| serde_json::from_str(&text).ok());
    let rest = noted.map(|(since, is_gone, has_history, boot)| Rest {
        since: Timestamp::from_millis(since),
        is_gone,
        has_history,
        boot,
    });
    Ok(rest)
}

fn note_rest(conn: &Connection, instance: &InstanceName, rest: Option<&Rest>) -> Result<(), Error> {
    let key = format!("{REST}{instance}");
    match rest {
        Some(Rest { since, is_gone, has_history, boot }) => {
            let text = serde_json::json!([since.as_millis(), is_gone, has_history, boot]).to_string();
            conn.prepare_cached(NOTE)?.execute([&key, &text])?;
        }
        None => {
            conn.prepare_cached(FORGET)?.execute([&key])?;
        }
    }
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
    use crate::model::{InstanceName, Rest, Timestamp};
    use crate::store::Store;
    use crate::store::tests::assert_searches;

    #[tokio::test]
    async fn how_a_comfyui_was_left_is_known_until_it_is_heard_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [one, other] = ["default", "gpu"].map(|name| name.parse::<InstanceName>().unwrap());
        let rest =
            Rest { since: Timestamp::from_millis(7), is_gone: true, has_history: true, boot: Some("b".to_owned()) };
        store.note_rest(one.clone(), Some(rest.clone())).await.unwrap();
        assert_eq!(
            (store.rest_of(one.clone()).await.unwrap(), store.rest_of(other).await.unwrap()),
            (Some(rest), None)
        );
        store.note_rest(one.clone(), None).await.unwrap();
        assert_eq!(store.rest_of(one).await.unwrap(), None);
    }

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
