//! What can be searched and how: the grammar, the folding of text to words, what is indexed of a run, and marking.
//!
//! Pure: text in, text or look-ups out. Any text is answered, by a search or by an error that says what to do; none by a
//! panic, and none slowly.

mod clock;
mod complete;
mod days;
mod entry;
mod error;
mod field;
mod filter_error;
mod fold;
mod mark;
mod narrow;
mod number;
mod parse;
mod place;
mod query;
mod scan;
mod script;
mod term;
mod tree;
mod value;
mod want;
mod when;
mod write;
mod zone;

#[cfg(test)]
mod tests;

pub use clock::DayClock;
pub use complete::{Completing, What, completing};
pub use days::{Days, Spelled, date, is_day_word};
pub use entry::{Source, SourceFile, entry, text_hash};
pub use error::{Error, Expected};
pub use field::Field;
pub use filter_error::Unusable;
pub use fold::{Word, Words, fold_value};
pub use mark::{Snippet, snippet};
pub use narrow::Narrow;
pub use parse::leaves_quote_open;
pub use place::ZonePlace;
pub use query::{Piece, Search, exact, parse};
pub use term::sortable;

pub use zone::{ParseZoneError, Zone};

/// Which rules make an [`entry()`]: raised whenever one of a run may have other terms, which then is made again.
pub const VERSION: u32 = 1;
