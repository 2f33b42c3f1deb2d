//! How a request arrives and how its answer leaves, whatever it is about. Knows no feature.

pub mod answer;
pub mod appearance;
pub mod arrival;
pub mod code;
pub mod cookies;
pub mod cors;
pub mod described;
pub mod etag;
pub mod framing;
pub mod guests;
pub mod headers;
pub mod host;
pub mod language;
pub mod origin;
pub mod path;
pub mod problem;
pub mod range;
pub mod route;
pub mod server;
