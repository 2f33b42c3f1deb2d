-- What a file that a run reads held when it was looked at: phase 0 while the run waited, 1 while it ran. Both go when the run
-- has ended and it is decided which bytes it read. 2: what it may have read instead, where that can't be known.
-- written_at: when the file was last written, as far as its source says.
CREATE TABLE sightings (
    generation_id INTEGER NOT NULL,
    role          INTEGER NOT NULL,
    idx           INTEGER NOT NULL,
    phase         INTEGER NOT NULL,
    blob_id       INTEGER NOT NULL REFERENCES blobs (id),
    written_at    INTEGER,
    PRIMARY KEY (generation_id, role, idx, phase),
    FOREIGN KEY (generation_id, role, idx) REFERENCES attachments (generation_id, role, idx) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX sightings_by_blob ON sightings (blob_id);
