//! The configuration: flags over environment over file, merged once and checked once.
//!
//! Each layer is read into a list of `Given` texts that remember where they stood; `merge` picks the highest of each
//! and turns it into a value. Nothing here reads the process's own environment but `Environment::from_process`.
//! Every error names the place of the mistake and says what to write instead.

mod access;
mod checked;
mod credentials;
mod effective;
mod environment;
mod error;
mod file;
mod given;
mod instance;
mod listen;
mod load;
mod log;
mod merge;
mod origin;
mod problem;
mod scalars;
mod secret;
mod servers;
mod setting;
mod text;
mod webhooks;

pub use access::{Auth, Password, Token};
pub use checked::Config;
pub use credentials::{hash_password, new_token};
pub use effective::Effective;
pub use environment::Environment;
pub use error::Error;
pub use given::Given;
pub use instance::{Folders, ServerConfig};
pub use listen::{Host, Listen};
pub use load::load;
pub use log::{Log, LogFormat, LogLevel};
pub use origin::Origin;
pub use problem::ValueProblem;
pub use secret::Secret;
pub use setting::{Setting, Spelling};
pub use webhooks::WebhookConfig;

#[cfg(test)]
mod tests;
