//! The whole server as its clients see it.

mod api;
mod archive;
mod auth;
mod base;
mod compat;
mod contract;
mod errors;
mod files;
mod generation;
mod live;
mod pages;
mod panel;
mod reference;
mod routes;
mod search;
mod server;
mod sharing;
mod status;
mod thumbs;
