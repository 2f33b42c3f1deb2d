//! Who may come in, by which secret, and who has tried too often.

pub mod attempts;
pub mod check;
mod ended;
pub mod gate;
pub mod key;
mod password;
mod session;
