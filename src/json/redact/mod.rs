//! Secrets: finding them by the name they are kept under and by their looks, and replacing them wherever they occur.
//!
//! A key that was typed into a node's widget stands in the prompt under its name (`"api_key": "sk-…"`), but in the
//! editor's workflow as one value in a list without names, and in an error among the inputs or inside its message. So
//! the texts of one run are read twice: first for what is secret where it stands, which gives values, then for those
//! values. A value is looked for elsewhere only if it looks random: a word may stand anywhere by chance.
//!
//! The same text gives the same redacted text, and a redacted text itself. The time is bounded by the length of the texts.

mod links;
mod looks;
mod names;
mod secret_filter;
mod secrets;
mod spots;
mod widgets;
mod within;
mod words;

#[cfg(test)]
mod tests;

pub use names::{Names, is_secret_name};
pub use secret_filter::SecretFilter;
pub use secrets::{Secrets, Submitted};
pub use words::REDACTED;
