//! What hostile or careless servers, files and visitors try against the whole daemon, each kind in a file of its own.

mod files;
#[cfg(target_os = "linux")]
mod folders;
mod log;
mod media;
mod secrets;
mod servers;
mod slow;
mod strangers;
mod table;
mod visitors;
mod wire;
