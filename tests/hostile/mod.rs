//! What hostile or careless servers, files and visitors try against the whole daemon, each kind in a file of its own.

#[cfg(target_os = "linux")]
mod folders;
mod secrets;
mod slow;
mod visitors;
