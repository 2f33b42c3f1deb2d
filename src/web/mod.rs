//! The HTTP server: pages, JSON, files, events, and ComfyUI's own shapes. Reads the records and the files, changes nothing but
//! whether somebody knows of a gap, and shows whatever comes from outside as text.
//!
//! Layers, each of which knows only those before it:
//!
//! 1. `http`: how a request arrives and how its answer leaves. Its `problem` is the one error of all handlers, its `route` what
//!    a route says of itself.
//! 2. `auth`: who may come in; `query`: the query string of the list.
//! 3. `site`: what handlers are given, part by part; `history` in it is the records, for reading alone.
//! 4. `view`: what pages are made of.
//! 5. Features by noun, a page beside its JSON: `history`, `run`, `files`, `status`, `session`, `live`, `compat`, and `reference`,
//!    which describes them all.
//! 6. `routes`: the only list of paths; `edge`, the layer around them; `serve`, the whole.

mod auth;
mod compat;
mod edge;
mod files;
mod history;
mod http;
mod live;
mod query;
mod reference;
mod routes;
mod run;
mod serve;
mod session;
mod site;
mod status;
mod view;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use auth::check::{AcceptedToken, AccessCheck};
pub use auth::key::SessionKey;
pub use serve::{Error, serve};
pub use site::state::{Site, SiteSettings};
