-- 'crcl': tells `file` and us that this is a database of comfy-recall.
PRAGMA application_id = 1668440940;

-- What the store notes about itself, such as the version that wrote it last.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- newest_*: the finished run that started last. Kept here because no index orders finished runs by their start.
CREATE TABLE instances (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    newest_id INTEGER REFERENCES generations (id) ON DELETE SET NULL,
    newest_at INTEGER
) STRICT;

-- A version of ComfyUI with its devices (a JSON array), said once for all runs that it made.
CREATE TABLE comfyuis (
    id      INTEGER PRIMARY KEY,
    version TEXT,
    devices TEXT NOT NULL
) STRICT;

-- Times are milliseconds UTC. ANY: a UUID is 16 bytes, 32 hexadecimal digits are 17, another text is itself (codes.rs).
CREATE TABLE generations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id   INTEGER NOT NULL REFERENCES instances (id),
    prompt_id     ANY NOT NULL,
    number        REAL,
    status        INTEGER NOT NULL,
    status_reason INTEGER,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER,
    finished_at   INTEGER,
    client_id     ANY,
    workflow_id   ANY,
    workflow_name TEXT,
    comfyui_id    INTEGER REFERENCES comfyuis (id),
    outputs_count INTEGER NOT NULL,
    -- idx of the output that stands for the run.
    cover         INTEGER,
    error_node_id   TEXT,
    error_node_type TEXT,
    error_type      TEXT,
    error_message   TEXT
) STRICT;

-- Every index ends in the id, which SQLite adds by itself: each of them can be read in the order of the list.
CREATE INDEX generations_by_time ON generations (created_at);
CREATE INDEX generations_by_status ON generations (instance_id, status, created_at);
CREATE INDEX generations_by_prompt ON generations (instance_id, prompt_id, status, created_at);

-- Bytes that the blobs hold.
CREATE TABLE blobs (
    id     INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    bytes  INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    mime   TEXT NOT NULL
) STRICT;

-- Outputs (role 0) and inputs (role 1). A text has `text`; a file has folder (0 output, 1 temp, 2 input, else as it
-- came), subfolder and filename. `kind` is a guess by the name; a blob knows better.
CREATE TABLE attachments (
    generation_id INTEGER NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    role      INTEGER NOT NULL,
    idx       INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    node_id   TEXT,
    key       TEXT NOT NULL,
    kind      INTEGER NOT NULL,
    folder    ANY,
    subfolder TEXT,
    filename  TEXT,
    text      TEXT,
    reason    TEXT,
    blob_id   INTEGER REFERENCES blobs (id),
    PRIMARY KEY (generation_id, role, idx)
) STRICT, WITHOUT ROWID;

-- The pending files, and nothing else: a row goes when its file is settled. next_at: when to try again; before the first
-- try minus the generation's id, so that the newest run comes first.
CREATE TABLE wanted (
    generation_id INTEGER NOT NULL,
    role        INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    PRIMARY KEY (generation_id, role, idx),
    FOREIGN KEY (generation_id, role, idx) REFERENCES attachments (generation_id, role, idx) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX wanted_by_time ON wanted (instance_id, next_at);

-- Texts that others of the same kind are compressed against. `data` is a zstd frame without its magic number.
-- is_shared: not only the document that brought it refers to it.
CREATE TABLE bases (
    id        INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,
    shape     INTEGER NOT NULL,
    is_shared INTEGER NOT NULL,
    data      BLOB NOT NULL
) STRICT;

CREATE INDEX bases_by_shape ON bases (kind, shape);

-- The kept texts of a run. `data` is a zstd frame without its magic number: against the base if there is one, else by
-- itself; NULL means that the text is the base.
CREATE TABLE documents (
    generation_id INTEGER NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    kind    INTEGER NOT NULL,
    base_id INTEGER REFERENCES bases (id),
    data    BLOB,
    PRIMARY KEY (generation_id, kind),
    CHECK (base_id IS NOT NULL OR data IS NOT NULL)
) STRICT, WITHOUT ROWID;
