//! `/api/jobs`: what waits, runs and ended in one list by the time at which it was queued. It shows what the end of
//! `/history` hides: a prompt_id that was used again stands where its first run stood.

use super::wire::{millis, text};
use crate::json::{Item, members};
use crate::model::{PromptId, Timestamp};

/// A run, as far as the list tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedJob {
    pub prompt_id: PromptId,
    /// The place in the queue.
    pub number: Option<f64>,
    /// When it was queued.
    pub created_at: Option<Timestamp>,
    /// `execution_start`
    pub started_at: Option<Timestamp>,
    /// Whether it is in the history.
    pub has_ended: bool,
}

impl TryFrom<Item> for ListedJob {
    type Error = Item;

    fn try_from(item: Item) -> Result<Self, Item> {
        let (mut id, mut number, mut created_at, mut started_at, mut has_ended) = (None, None, None, None, false);
        for (key, value) in members(&item.json) {
            match key.as_ref() {
                "id" => id = text(value),
                "priority" => number = value.parse().ok().filter(|number: &f64| number.is_finite()),
                "create_time" => created_at = millis(value),
                "execution_start_time" => started_at = millis(value),
                "status" => has_ended = !matches!(text(value).as_deref(), Some("pending" | "in_progress")),
                _ => {}
            }
        }
        match id {
            Some(id) => Ok(Self { prompt_id: PromptId(id), number, created_at, started_at, has_ended }),
            None => Err(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Spans;

    fn job(json: &str) -> Option<ListedJob> {
        ListedJob::try_from(Item { key: "jobs".into(), json: json.into(), spans: Spans::default() }).ok()
    }

    #[test]
    fn a_job_tells_which_run_it_is_and_whether_that_has_ended() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        let ended = r#"{"id": "p", "status": "completed", "priority": 4, "create_time": 10, "execution_start_time": 12, "preview_output": {"id": "x", "status": "pending"}}"#;
        let expected = ListedJob {
            prompt_id: "p".into(),
            number: Some(4.0),
            created_at: at(10),
            started_at: at(12),
            has_ended: true,
        };
        assert_eq!(job(ended), Some(expected));
        for status in ["pending", "in_progress"] {
            let open = job(&format!(r#"{{"id":"p","status":"{status}"}}"#)).unwrap();
            assert_eq!((open.has_ended, open.number, open.started_at), (false, None, None));
        }
        for odd in ["", "null", "[]", "{}", r#"{"id":7}"#, "{\"id\":"] {
            assert_eq!(job(odd), None, "{odd}");
        }
    }
}
