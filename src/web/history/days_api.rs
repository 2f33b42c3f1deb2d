//! `GET /api/v1/days`: how many generations there are a day.

use std::collections::VecDeque;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Filter;
use crate::search::Zone;
use crate::search::{DayClock as _, Days};
use crate::store::History;
use crate::web::http::answer::json;
use crate::web::http::described::{Refused, WhichRuns};
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::query::error::{BadValue, Error as BadQuery};

/// Days at a time: a leap year and a day to compare with.
const MOST: i64 = 367;

/// Days unless told, today being the last.
const USUAL: i64 = 31;

#[derive(Serialize, ToSchema)]
#[schema(as = Days)]
struct Answer {
    /// Every day of the span, the first first, those without any too.
    days: Vec<Day>,
}

#[derive(Serialize, ToSchema)]
struct Day {
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    date: String,
    /// Generations that were queued on it.
    count: u64,
}

/// How many generations there are on each day of a span.
///
/// The span is `date` (`2026-11-01..2026-11-20`, at most 367 days); without one, the last 31 days.
#[utoipa::path(
    get, path = "/api/v1/days", tag = "search", params(WhichRuns),
    responses((status = 200, body = Answer), Refused)
)]
pub async fn days(
    State(history): State<History>,
    State(zone): State<Zone>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse_without(&["limit", "next", "prev"], &query.unwrap_or_default(), zone)?;
    let (first, last) = span(query.days, query.zone.today()).ok_or_else(|| BadQuery::Value {
        name: "date",
        value: query.days.to_string(),
        source: BadValue::LongSpan,
    })?;
    let dates: Vec<NaiveDate> = first.iter_days().take_while(|date| *date <= last).collect();
    let mut starts: Vec<_> = dates.iter().map(|date| query.zone.day(*date).0).collect();
    starts.push(query.zone.day(last).1);
    // The span itself is what is counted.
    let filter = Filter { from: None, until: None, ..query.filter };
    let counts: VecDeque<u64> = history.days(filter, &starts).await?.into();
    let days = dates.into_iter().zip(counts).map(|(date, count)| Day { date: date.to_string(), count }).collect();
    Ok(json(serde_json::to_vec(&Answer { days })?))
}

/// The first and the last day; `None` where there are too many between them.
fn span(days: Days, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let back = |from: NaiveDate| from.checked_sub_signed(chrono::TimeDelta::days(USUAL - 1)).unwrap_or(from);
    let last = days.last.unwrap_or_else(|| today.max(days.first.unwrap_or(today)));
    let first = days.first.unwrap_or_else(|| back(last));
    (last.signed_duration_since(first).num_days() < MOST).then_some((first, last))
}
