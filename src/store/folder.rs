//! Names in a data folder.

/// The database.
pub(super) const FILE: &str = "recall.db";

/// The file whose lock says that a daemon uses the folder.
pub const LOCK: &str = "recall.lock";

/// What the name of a copy begins with that is kept before an update.
pub(super) const COPY: &str = "recall.db.before-";

/// What the name begins with of a database that a restore put aside.
pub(super) const ASIDE: &str = "recall.db.from-";
