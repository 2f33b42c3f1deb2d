//! SQLite files as every room that keeps one needs them: opening, checking, reading beside a writer.
//!
//! Knows no tables. A file that can be rebuilt is a [`derived::Derived`]; the records check theirs more carefully, in the store.

pub mod codes;
pub mod connection;
pub mod damage;
pub mod derived;
pub mod disk;
pub mod error;

pub mod meta;
#[cfg(test)]
pub mod plans;
pub mod pool;
pub mod whole;
