//! Attacks on the whole daemon, each kind in a file of its own.

mod visitors;
