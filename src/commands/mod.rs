//! What the command line does with the history, beside a running daemon or without one.
//!
//! What only reads takes no lock and changes nothing. A command writes to the [`Terminal`] that it is given, and what went
//! wrong is its error: nothing here prints by itself. Whatever comes from outside is written without what a terminal would
//! obey.

mod backup;
mod config;
mod credentials;
mod daemon;
mod describe;
mod error;
mod export;
mod fields;
mod health;
mod history;
mod list;
mod narrow;
mod numbers;
mod open;
mod reindex;
mod restore;
mod run;
mod show;
mod stop;
mod table;
mod terminal;
mod verify;
mod work;

pub use credentials::make;
pub use describe::describe;
pub use error::Error;
pub use run::run;
pub use terminal::Terminal;
