//! `search.db`: which runs have which terms. Everything in it is derived from `recall.db` and may be made again at any time,
//! so it is a file of its own: building it never holds up the recording, and a broken one is made anew.
//!
//! Runs lie in *segments* that are never changed once they are written, but for the runs in them that were indexed again
//! since (`dead`). A segment numbers its runs in the order of the list, and has for each term the numbers of the runs that
//! have it. So any question is a few operations on sets of numbers in each segment: pages, counts, days and facets come out
//! of them without a look at the runs. New runs come as small segments, and small ones are merged into larger ones; a
//! segment of a million runs' index has [`merge::FULL`] or more.
//!
//! Knows no store: what ties it to one is handed in ([`Tie`]), and a run is a place with terms.

mod build;
mod database;
mod error;
mod eval;
mod facets;
mod file;
mod handle;
mod hits;
mod merge;
mod places;
mod postings;
mod segment;
mod sink;
mod suggest;
#[cfg(test)]
mod tests;
mod tie;

pub use database::FILE;
pub use error::Error;
pub use handle::Index;
pub use tie::Tie;
