//! Signing in and out, and what a viewer prefers.

pub mod preferences;
pub mod sign_in;
