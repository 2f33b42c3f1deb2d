//! Values that lists are narrowed by: of which fields, and how they are counted.

use crate::model::{Facet, Filter, List};
use crate::search::Field;
use crate::store::History;
use crate::web::http::problem::Problem;
use crate::web::query::error::FACETS;

/// The one of that name.
pub fn named(name: &str) -> Option<Field> {
    FACETS.into_iter().find(|field| field.key() == name)
}

/// Counts the values of fields among the runs of a filter, at most so many of each.
pub async fn count(
    history: &History,
    filter: &Filter,
    fields: &[Field],
    most: usize,
) -> Result<Vec<(Field, Facet)>, Problem> {
    let lists: Vec<(Field, List)> = fields.iter().filter_map(|field| Some((*field, field.values()?))).collect();
    let only_lists: Vec<List> = lists.iter().map(|(_, list)| *list).collect();
    let facets = history.facets(filter.clone(), &only_lists, most).await?;
    let field = |list| lists.iter().find(|(_, known)| *known == list).map(|(field, _)| *field);
    Ok(facets.into_iter().filter_map(|facet| Some((field(facet.list)?, facet))).collect())
}
