//! Values that lists are narrowed by: of which fields, and how they are counted.

use crate::model::{Facet, Filter, List};
use crate::search::Field;
use crate::web::error::Error;
use crate::web::site::state::App;

/// Fields whose values are counted.
pub const FIELDS: [Field; 6] =
    [Field::Model, Field::Lora, Field::Sampler, Field::Scheduler, Field::Node, Field::Workflow];

/// Their names.
pub fn names() -> [&'static str; 6] {
    FIELDS.map(Field::key)
}

/// The one of that name.
pub fn named(name: &str) -> Option<Field> {
    FIELDS.into_iter().find(|field| field.key() == name)
}

/// Counts the values of fields among the runs of a filter, at most so many of each.
pub async fn count(app: &App, filter: &Filter, fields: &[Field], most: usize) -> Result<Vec<(Field, Facet)>, Error> {
    let lists: Vec<(Field, List)> = fields.iter().filter_map(|field| Some((*field, field.values()?))).collect();
    let only_lists: Vec<List> = lists.iter().map(|(_, list)| *list).collect();
    let facets = app.store.facets(filter.clone(), &only_lists, most).await?;
    let field = |list| lists.iter().find(|(_, known)| *known == list).map(|(field, _)| *field);
    Ok(facets.into_iter().filter_map(|facet| Some((field(facet.list)?, facet))).collect())
}
