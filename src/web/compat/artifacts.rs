//! The contract of the history plugin that kept runs in a database of its own: `POST /bt/artifacts/list` and
//! `GET /bt/artifacts/{id}`.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use serde_json::{Map, Value};

use super::ask::{Asked, Mistake, instance, shown, whole};
use super::entry::{self, End};
use super::stream::{ResponseParts, answer, json};
use super::write::ObjectWriter;
use crate::model::{DocumentKind, Filter, Nth, Status, Told};
use crate::search::{DayClock as _, ParseZoneError, Spelled, Zone};
use crate::store::History;
use crate::web::http::code::Code;
use crate::web::http::path::generation_id;
use crate::web::http::problem::Problem;
use crate::web::query::error::BadValue;

/// Runs of an answer when nobody says how many, and the most.
const USUAL: u64 = 20;
const MOST: u64 = 1_000;

/// The longest body that is read.
const BODY_BYTES: usize = 64 * 1024;

/// What an artifact shows.
const KINDS: &[DocumentKind] = &[DocumentKind::Prompt, DocumentKind::Result];

/// The plugin's statuses.
const STATUSES: [(&str, &[Status]); 3] = [
    ("0", &[Status::Pending, Status::InProgress]),
    ("1", &[Status::Completed]),
    ("2", &[Status::Failed, Status::Cancelled, Status::Lost]),
];

/// What is asked for.
#[derive(Debug, PartialEq)]
struct ArtifactsRequest {
    filter: Filter,
    zone: Zone,
    limit: u32,
    offset: u64,
}

impl ArtifactsRequest {
    /// Reads a body. What the plugin's page sends for "all" is an empty text; numbers may be texts and texts numbers.
    /// Keys that we don't know are passed over, as the plugin did.
    fn read(body: &[u8], zone: Zone) -> Result<Self, Mistake> {
        let given = object(body)?;
        let zone = text(&given, "tz")?.map(|name| self::zone(&name)).transpose()?.unwrap_or(zone);
        let mut filter = Filter::default();
        if let Some(word) = text(&given, "status")? {
            let known = STATUSES.into_iter().find(|(known, _)| *known == word.trim());
            filter.statuses = known.ok_or_else(|| Mistake::ArtifactStatus(shown(&word)))?.1.to_vec();
        }
        if let Some(day) = text(&given, "date")? {
            let spelled = day.parse().ok().and_then(|spelled: Spelled| spelled.days(zone.today()).single());
            let day =
                spelled.ok_or_else(|| Mistake::Value { name: "date", value: shown(&day), source: BadValue::Day })?;
            let (from, until) = zone.day(day);
            (filter.from, filter.until) = (Some(from), Some(until));
        }
        filter.instance = text(&given, "instance")?.map(|name| instance(&name)).transpose()?;
        let limit = number(&given, "limit", 1, MOST)?.unwrap_or(USUAL);
        let offset = number(&given, "offset", 0, u64::MAX / 2)?.unwrap_or(0);
        Ok(Self { filter, zone, limit: u32::try_from(limit).unwrap_or(u32::MAX), offset })
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Mistake> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(given)) => Ok(given),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) | Err(_) => Err(Mistake::Body),
    }
}

/// A text, or a number as one; `None` for null and for an empty one.
fn text(given: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Mistake> {
    match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.trim().is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(Mistake::NotAText { name, value: shown(&other.to_string()) }),
    }
}

/// A whole number in these bounds, or one as a text.
fn number(given: &Map<String, Value>, name: &'static str, least: u64, most: u64) -> Result<Option<u64>, Mistake> {
    let Some(text) = text(given, name)? else { return Ok(None) };
    // JavaScript and Python may write 20 as 20.0.
    let number = whole(text.strip_suffix(".0").unwrap_or(&text));
    let number = number.ok_or_else(|| Mistake::NotANumber { name, value: shown(&text) })?;
    let is_in_bounds = |number: &u64| (least..=most).contains(number);
    let out_of_range = || Mistake::OutOfRange { name, value: shown(&text), least, most };
    u64::try_from(number).ok().filter(is_in_bounds).map(Some).ok_or_else(out_of_range)
}

fn zone(name: &str) -> Result<Zone, Mistake> {
    name.parse().map_err(|error: ParseZoneError| Mistake::Value {
        name: "tz",
        value: shown(name),
        source: BadValue::Narrow(error.into()),
    })
}

/// Some runs, the newest first.
pub async fn list(
    State(history): State<History>,
    State(zone): State<Zone>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let body = to_bytes(request.into_body(), BODY_BYTES).await.map_err(|_| Mistake::LongBody)?;
    let ArtifactsRequest { filter, zone, limit, offset } = ArtifactsRequest::read(&body, zone_of(query, zone)?)?;
    let found = history.stretch(filter, Nth::Newest(offset), limit).await?;
    let ids = found.runs.into_iter().map(|(id, _)| id).collect();
    let lists = vec![("{\"code\": 0, \"msg\": \"success\", \"data\": [".to_owned(), ids)];
    let write = move |run: &Told| artifact(run, zone);
    answer(history, ResponseParts { lists, tail: "]}".to_owned(), kinds: KINDS, write: Arc::new(write) }).await
}

pub async fn one(
    State(history): State<History>,
    State(zone): State<Zone>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let id = generation_id(path)?;
    let zone = zone_of(query, zone)?;
    let tell = move |runs: Vec<Told>| runs.first().map(|run| artifact(run, zone));
    let body = history.told(vec![id], KINDS, tell).await?.ok_or(Code::NoGeneration)?;
    Ok(json(format!("{{\"code\": 0, \"msg\": \"success\", \"data\": {body}}}")))
}

fn zone_of(query: Option<String>, ours: Zone) -> Result<Zone, Mistake> {
    let query = query.unwrap_or_default();
    Asked::read(&query).text("tz").filter(|name| !name.is_empty()).map_or(Ok(ours), zone)
}

fn artifact(run: &Told, zone: Zone) -> String {
    let status = STATUSES.iter().find(|(_, statuses)| statuses.contains(&run.status)).map_or("2", |(word, _)| word);
    let end = End::of(run);
    ObjectWriter::new()
        .json("id", &run.id.to_string())
        .text("created_at", &zone.local(run.created_at).format("%Y-%m-%d %H:%M:%S").to_string())
        .text("result_status", status)
        .json("outputs", &end.outputs)
        .json("prompt", &entry::prompt(run))
        .json("meta", end.meta.as_deref().unwrap_or("{}"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<ArtifactsRequest, String> {
        ArtifactsRequest::read(body.as_bytes(), "UTC".parse().unwrap()).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn everything_may_be_left_out() {
        let usual = ArtifactsRequest { filter: Filter::default(), zone: "UTC".parse().unwrap(), limit: 20, offset: 0 };
        for body in ["", " \n", "null", "{}", r#"{"date":"","status":"","limit":null,"offset":"","x":[1]}"#] {
            assert_eq!(read(body).unwrap(), usual, "{body}");
        }
    }

    #[test]
    fn what_is_meant_plainly_is_taken() {
        let plain = read(r#"{"date":"2026-11-20","status":"2","limit":7,"offset":14,"tz":"+08:00"}"#).unwrap();
        assert!(read(r#"{"date":"yesterday"}"#).unwrap().filter.from.is_some());
        let odd = read(r#"{"date":" 2026-11-20 ","status":2,"limit":"7","offset":14.0,"tz":"+08:00"}"#).unwrap();
        assert_eq!(plain, odd);
        assert_eq!(plain.filter.statuses, [Status::Failed, Status::Cancelled, Status::Lost]);
        assert_eq!(plain.filter.from.unwrap().to_string(), "2026-11-19T16:00:00.000Z");
        assert_eq!((plain.limit, plain.offset), (7, 14));
        assert_eq!(read(r#"{"offset":99999999999}"#).unwrap().offset, 99_999_999_999);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (body, word) in [
            ("{", "JSON object such as"),
            ("[]", "JSON object such as"),
            ("5", "JSON object such as"),
            ("date=2026-11-20", "JSON object such as"),
            (r#"{"limit":0}"#, "limit must be a whole number from 1 to 1000, not 0"),
            (r#"{"limit":100000}"#, "from 1 to 1000, not 100000"),
            (r#"{"limit":-5}"#, "from 1 to 1000, not -5"),
            (r#"{"limit":2.5}"#, "limit must be an integer, not \"2.5\""),
            (r#"{"limit":true}"#, "limit must be a text or a number, not true"),
            (r#"{"offset":-1}"#, "offset must be a whole number from 0"),
            (r#"{"offset":"x"}"#, "offset must be an integer, not \"x\""),
            (r#"{"status":"3"}"#, "status must be \"0\" (waiting or running)"),
            (r#"{"status":["1"]}"#, "status must be a text"),
            (r#"{"date":"20.11.2026"}"#, "date=\"20.11.2026\": not a day: use YYYY-MM-DD"),
            (r#"{"date":"2026-02-30"}"#, "not a day"),
            (r#"{"date":"2026-11-01..2026-11-03"}"#, "not a day"),
            (r#"{"tz":"Mars"}"#, "tz=\"Mars\": not a time zone"),
            (r#"{"instance":"a b"}"#, "instance=\"a b\": not a name"),
        ] {
            let message = read(body).unwrap_err();
            assert!(message.contains(word), "{body}: {message}");
        }
    }
}
