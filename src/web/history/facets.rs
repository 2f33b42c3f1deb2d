//! `GET /facets`: values to narrow the list by, beside it. They come after the list, which doesn't wait for them.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::facet_counts as facets;
use crate::facts::short_name;
use crate::model::{Counted, Facet};
use crate::search::{Field, Piece, exact};
use crate::store::History;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// Values of each field.
const MOST: usize = 7;
/// Values of the one that is shown in full.
const MOST_IN_FULL: usize = 100;
/// Characters of an id that names no file.
const ID_CHARS: usize = 8;

/// Those that stand beside the list, with the keys of their names.
const SHOWN: [(Field, &str); 5] = [
    (Field::Model, "facet-model"),
    (Field::Lora, "facet-lora"),
    (Field::Sampler, "facet-sampler"),
    (Field::Workflow, "facet-workflow"),
    (Field::Node, "facet-node"),
];

/// What stands beside the list.
#[derive(Debug)]
pub struct Facets {
    /// Those that have values.
    pub groups: Vec<FacetGroup>,
}

/// The values of a field.
#[derive(Debug)]
pub struct FacetGroup {
    /// The field as searches name it.
    pub field: &'static str,
    /// The key of its name.
    pub name: &'static str,
    /// What the search holds already.
    pub chosen: Vec<ChosenValue>,
    /// What could be added.
    pub values: Vec<FacetValue>,
    /// How many there are besides, and where all are shown.
    pub more: Option<(String, String)>,
    /// Whether the numbers are the whole truth.
    pub is_exact: bool,
}

/// A value that the search asks for.
#[derive(Debug)]
pub struct ChosenValue {
    pub shown: String,
    pub full: String,
    /// Whether it asks for runs without it.
    pub is_without: bool,
    /// The list without this term.
    pub without: String,
}

/// A value that the list could be narrowed to.
#[derive(Debug)]
pub struct FacetValue {
    pub shown: String,
    pub full: String,
    /// How many runs have it.
    pub runs: String,
    /// How long its bar is, in percent of the longest; none where there is nothing to compare.
    pub part: Option<u64>,
    /// The list of runs that have it.
    pub with: String,
    /// The list of those that don't.
    pub without: String,
}

#[derive(Template)]
#[template(path = "facets.html")]
struct FacetsFragment {
    t: &'static Catalogue,
    facets: Facets,
}

/// Answers with the values of the query's list.
pub async fn fragment(
    State(history): State<History>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of_page(query, viewer.zone, &viewer.base)?;
    crate::web::view::respond::respond(&FacetsFragment {
        t: viewer.words,
        facets: Facets::of(&history, &query, viewer.words).await?,
    })
}

impl Facets {
    /// What is beside the list of this query.
    pub async fn of(history: &History, query: &ListQuery, t: &Catalogue) -> Result<Self, Problem> {
        let expanded = query.given("facets").and_then(facets::named);
        let (full, few): (Vec<_>, Vec<_>) =
            SHOWN.iter().map(|(field, _)| *field).partition(|field| Some(*field) == expanded);
        let mut counted = facets::count(history, &query.filter, &few, MOST).await?;
        if !full.is_empty() {
            counted.extend(facets::count(history, &query.filter, &full, MOST_IN_FULL).await?);
        }
        let pieces = query.search.pieces();
        let groups = SHOWN.iter().filter_map(|(field, name)| {
            let (_, facet) = counted.iter().find(|(counted, _)| counted == field)?;
            let group = FacetGroup::new(*field, name, facet, &pieces, query, t);
            (!group.chosen.is_empty() || !group.values.is_empty()).then_some(group)
        });
        Ok(Self { groups: groups.collect() })
    }
}

impl FacetGroup {
    fn new(
        field: Field,
        name: &'static str,
        facet: &Facet,
        pieces: &[Piece],
        query: &ListQuery,
        t: &Catalogue,
    ) -> Self {
        let chosen: Vec<ChosenValue> = pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| piece.list == Some(facet.list))
            .filter_map(|(place, piece)| {
                let full = piece.value.clone()?;
                Some(ChosenValue {
                    shown: shown(field, &full),
                    is_without: piece.is_excluded,
                    without: query.without_term(place),
                    full,
                })
            })
            .collect();
        let free = |value: &&Counted| chosen.iter().all(|chosen| chosen.full != value.text);
        let most = facet.values.iter().filter(free).map(|value| value.runs).max().unwrap_or_default();
        let value = |value: &Counted| {
            let term = exact(facet.list, &value.text);
            Some(FacetValue {
                shown: shown(field, &value.text),
                runs: t.number(value.runs),
                part: (facet.values.len() > 1).then(|| (value.runs * 100).div_ceil(most.max(1))),
                with: query.with_term(&term)?,
                without: query.with_term(&format!("-{term}"))?,
                full: value.text.clone(),
            })
        };
        let values = facet.values.iter().filter(free).filter_map(value).collect();
        let more = (facet.more > 0 && facet.values.len() < MOST_IN_FULL)
            .then(|| (t.number(facet.more), query.with(&[("facets", field.key())])));
        Self { field: field.key(), name, chosen, values, more, is_exact: facet.is_exact }
    }
}

/// A value in short: files without folder and ending, ids by their beginning.
pub fn shown(field: Field, value: &str) -> String {
    match field {
        Field::Model | Field::Lora => short_name(value).to_owned(),
        Field::Workflow if is_id(value) => format!("{}…", &value[..ID_CHARS]),
        _ => value.to_owned(),
    }
}

/// `21b33f3f-8434-427c-9ba4-8a18ddd4a863`.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_in_short() {
        assert_eq!(shown(Field::Model, "XL/base.safetensors"), "base");
        assert_eq!(shown(Field::Workflow, "21b33f3f-8434-427c-9ba4-8a18ddd4a863"), "21b33f3f…");
        assert_eq!(shown(Field::Workflow, "三十六个字节长度的名称也不会被切"), "三十六个字节长度的名称也不会被切");
        assert_eq!(shown(Field::Node, "KSampler"), "KSampler");
    }
}
