//! The face: a history to look through in a browser, and the same as JSON for scripts. Reads the store and the files,
//! changes nothing, and shows whatever comes from outside as text.

mod api;
mod archive;
mod arrival;
mod assets;
mod auth;
mod compat;
mod cors;
mod dismiss;
mod error;
mod etag;
mod events;
mod excerpt;
mod facets;
mod files;
mod format;
mod guests;
mod headers;
mod host;
mod indent;
mod marks;
mod metrics;
mod origin;
mod pages;
mod panel;
mod preferences;
mod query;
mod range;
mod routes;
mod server;
mod site;
mod thumbs;
mod told;
mod viewer;
mod words;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use auth::{Auth, SessionKey, Token};
pub use server::{Error, serve};
pub use site::{Settings, Site};
