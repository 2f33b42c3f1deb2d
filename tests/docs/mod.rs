//! What people read, held to what is there: commands run, links lead somewhere, both READMEs say the same.

mod blocks;
mod dependencies;
mod examples;
mod links;
mod mirror;
mod page;
mod places;
mod proxies;
mod published;
