//! How a request arrives and an answer leaves, whatever it is about: connections, addresses, headers. Knows no feature.

pub mod appearance;
pub mod arrival;
pub mod cors;
pub mod etag;
pub mod guests;
pub mod headers;
pub mod host;
pub mod origin;
pub mod range;
pub mod server;
