//! The face: a history to look through in a browser, and the same as JSON for scripts. Reads the store and the files,
//! changes nothing, and shows whatever comes from outside as text.

mod api;
mod auth;
mod compat;
mod error;
mod files;
mod history;
mod http;
mod live;
mod pages;
mod query;
mod reference;
mod routes;
mod run;
mod session;
mod site;
mod status;
mod view;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use auth::check::{Auth, Token};
pub use auth::key::SessionKey;
pub use http::server::{Error, serve};
pub use site::state::{Settings, Site};
