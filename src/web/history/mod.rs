//! The list of runs: its page, its JSON, and what stands around it.

pub mod calendar;
pub mod card;
pub mod cards;
pub mod days_api;
pub mod facet_counts;
pub mod facets;
pub mod facets_api;
pub mod filters;
pub mod list;
pub mod list_api;
pub mod search_box;
pub mod suggest;
