//! The API described: for programs by OpenAPI, for people as a page.

pub mod example;
pub mod json;
pub mod openapi;
pub mod operation;
pub mod page;
pub mod schema;
