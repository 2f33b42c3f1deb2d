//! JSON as bytes: cutting texts apart without changing them, Python's bare `NaN` and `Infinity`, and secrets.
//!
//! Everything is total: any text gives an answer, none a panic. Knows nothing of what the texts mean.

mod alike;
mod echo;
mod item;
mod redact;
mod scan;
mod split;
mod strict;

pub use alike::{common_end, common_start};
pub use item::{Item, Spans};
pub use redact::{Names, REDACTED, Secrets, Sieve, Submitted, is_secret_name};
pub use scan::{Scanner, elements, members, unquote};
pub use split::{Items, SplitError, Splitter};
pub use strict::to_strict;
