//! What hostile or careless servers, files and visitors try, and what becomes of it.

mod secrets;
