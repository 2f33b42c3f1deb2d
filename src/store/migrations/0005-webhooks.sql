-- Who is told when a run has ended. address: SHA-256 of the URL, which may hold a secret. since: runs that ended before
-- are not told.
CREATE TABLE webhooks (
    id      INTEGER PRIMARY KEY,
    address BLOB NOT NULL UNIQUE,
    since   INTEGER NOT NULL
) STRICT;

-- What is to be told, until it was heard. ended_at: when the run was seen to have ended, with that status.
CREATE TABLE deliveries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id    INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    generation_id INTEGER NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    status        INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_by_time ON deliveries (webhook_id, next_at);
CREATE INDEX deliveries_of_run ON deliveries (generation_id);
