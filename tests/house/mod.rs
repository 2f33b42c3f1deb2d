//! The house held: imports point down, no circles, no name twice, nothing long. docs/architecture.md has the same table.

mod circles;
mod imports;
mod layers;
mod names;
mod sizes;
mod source;
