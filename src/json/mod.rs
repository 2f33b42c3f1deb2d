//! JSON as bytes: Python's bare `NaN` and `Infinity`, secrets, and cutting texts apart without changing them.

mod strict;

pub use strict::to_strict;
