//! Who may come in, and what each may do.

pub mod attempts;
pub mod check;
pub mod ended;
pub mod gate;
pub mod key;
pub mod password;
pub mod session;
