//! JSON as bytes: cutting texts apart without changing them, Python's bare `NaN` and `Infinity`, and secrets.
//!
//! Everything is total: any text gives an answer, none a panic. Knows nothing of what the texts mean.

mod alike;
mod echo;
mod item;
mod python_json;
mod redact;
mod scan;
mod split;

pub use alike::{common_end, common_start};
pub use item::{Item, Spans};
pub use python_json::to_strict;
pub use redact::{Names, REDACTED, SecretFilter, Secrets, Submitted, is_secret_name};
pub use scan::{Scanner, elements, members, unquote};
pub use split::{Items, SplitError, Splitter};
