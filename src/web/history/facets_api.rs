//! `GET /api/v1/facets`: the most frequent values of fields among the generations of a filter.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::facet_counts as facets;
use crate::model::Facet;
use crate::search::Field;
use crate::search::Zone;
use crate::store::History;
use crate::web::http::answer::json;
use crate::web::http::described::{Refused, WhichRuns};
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::query::error::{BadValue, Error as BadQuery, FACETS};

/// Values of each field, unless told.
const MOST: usize = 10;

#[derive(Serialize, ToSchema)]
#[schema(as = Facets)]
struct Answer {
    facets: BTreeMap<&'static str, Values>,
    /// How many generations there are.
    count: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FacetValues)]
struct Values {
    values: Vec<Value>,
    /// How many other values there are.
    more: u64,
    /// Whether the counts are the whole truth; else there are at least so many.
    exact: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FacetValue)]
struct Value {
    value: String,
    count: u64,
}

impl From<Facet> for Values {
    fn from(facet: Facet) -> Self {
        let values = facet.values.into_iter().map(|value| Value { value: value.text, count: value.runs }).collect();
        Self { values, more: facet.more, exact: facet.is_exact }
    }
}

/// The most frequent values of fields among the generations of a filter.
#[utoipa::path(
    get, path = "/api/v1/facets", tag = "search",
    params(
        WhichRuns,
        ("fields" = Option<String>, Query, description = "Which fields, separated by commas; all of them unless told"),
        ("limit" = Option<u32>, Query, description = "Values of each field, 10 unless told", minimum = 1, maximum = 200)
    ),
    responses((status = 200, body = Answer), Refused)
)]
pub async fn facets(
    State(history): State<History>,
    State(zone): State<Zone>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (fields, query) = split(&query.unwrap_or_default())?;
    let query = ListQuery::parse_without(&["next", "prev"], &query, zone)?;
    let most = query.given("limit").map_or(Ok(MOST), |_| usize::try_from(query.limit.get())).unwrap_or(MOST);
    let count = history.count(query.filter.clone()).await?;
    let counted = facets::count(&history, &query.filter, &fields, most).await?;
    let facets = counted.into_iter().map(|(field, facet)| (field.key(), facet.into())).collect();
    Ok(json(serde_json::to_vec(&Answer { facets, count })?))
}

/// Takes the fields out of a query.
fn split(query: &str) -> Result<(Vec<Field>, String), BadQuery> {
    let mut fields = None;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "fields" {
            rest.append_pair(&name, &value);
            continue;
        }
        let named: Option<Vec<Field>> = value.split(',').map(|name| facets::named(name.trim())).collect();
        let bad = || BadQuery::Value { name: "fields", value: value.clone().into_owned(), source: BadValue::Facets };
        if fields.replace(named.ok_or_else(bad)?).is_some() {
            return Err(BadQuery::Twice("fields"));
        }
    }
    Ok((fields.unwrap_or_else(|| FACETS.to_vec()), rest.finish()))
}
