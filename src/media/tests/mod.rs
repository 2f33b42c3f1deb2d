//! What bytes are, and what they look like small.

mod pictures;
mod sniffing;
mod sounds;
