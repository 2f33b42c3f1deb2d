//! What the grammar promises, asked of entries the plain way.

mod completing;
mod folding;
mod found;
mod grammar;
mod hostile;
mod marking;
mod wanted;

use chrono::{Days, NaiveDate, NaiveTime};

use super::*;
use crate::model::testing::summary;
use crate::model::{ErrorSummary, List, MediaKind, PromptId, Status, Summary, Timestamp};

/// It is the 20th of November 2026; days begin at midnight UTC.
struct Noon;

impl DayClock for Noon {
    fn today(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
    }

    fn day(&self, date: NaiveDate) -> (Timestamp, Timestamp) {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        (Timestamp::from_millis(midnight(date)), Timestamp::from_millis(midnight(next)))
    }
}

/// A completed run with one picture.
fn run() -> Summary {
    Summary {
        prompt_id: PromptId::from("b7a0c3de-0000-4000-8000-000000000007"),
        duration_ms: Some(12_345),
        outputs_count: 1,
        kinds: vec![MediaKind::Image],
        ..summary()
    }
}

fn failed_run() -> Summary {
    let error = ErrorSummary {
        node_id: Some("3".to_owned()),
        node_type: Some("KSampler".to_owned()),
        kind: Some("torch.OutOfMemoryError".to_owned()),
        message: Some("CUDA out of memory. Tried to allocate 2.00 GiB".to_owned()),
    };
    Summary { status: Status::Failed, kinds: Vec::new(), error: Some(error), ..run() }
}
