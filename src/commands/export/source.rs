//! Which runs are exported, and what their files are read from.

use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use crate::blobs::Blobs;
use crate::model::{Filter, GenerationId, Limit, Start};
use crate::store::History;

/// Where runs are taken from.
pub(super) struct ExportSource<'a> {
    pub store: History,
    pub blobs: Blobs,
    pub runtime: Runtime,
    /// What stands before addresses.
    pub base: &'a str,
    pub bar: ProgressBar,
}

/// Which runs.
pub(super) enum ChosenRuns {
    These(Vec<GenerationId>),
    Filter(Box<Filter>, Start),
}

impl ChosenRuns {
    /// Some more of them, newest first; `None` when there are no more.
    pub fn next(&mut self, source: &ExportSource<'_>) -> anyhow::Result<Option<Vec<GenerationId>>> {
        match self {
            Self::These(ids) if ids.is_empty() => Ok(None),
            Self::These(ids) => Ok(Some(std::mem::take(ids))),
            Self::Filter(filter, start) => {
                let page = source.runtime.block_on(source.store.list((**filter).clone(), *start, Limit::up_to(200)))?;
                let ids = page.items.iter().map(|run| run.id).collect();
                *self = match page.next {
                    Some(next) => Self::Filter(std::mem::take(filter), Start::Older(next)),
                    None => Self::These(Vec::new()),
                };
                Ok(Some(ids))
            }
        }
    }

    /// Whether it is one run, chosen by its number.
    pub fn is_one(&self) -> bool {
        matches!(self, Self::These(ids) if ids.len() == 1)
    }
}
