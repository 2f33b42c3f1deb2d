-- What the list shows and is asked for. kinds: a bit for each kind of output (1 << its code). excerpt: the beginning of
-- the first text that a node gave.
ALTER TABLE generations ADD COLUMN kinds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE generations ADD COLUMN previews_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE generations ADD COLUMN model TEXT;
ALTER TABLE generations ADD COLUMN excerpt TEXT;

UPDATE generations SET (kinds, previews_count) = (
    SELECT coalesce(sum(DISTINCT 1 << coalesce(b.kind, a.kind)), 0), coalesce(sum(a.folder IS 1), 0)
    FROM attachments a LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = generations.id AND a.role = 0)
WHERE outputs_count > 0;

UPDATE generations SET excerpt = (
    SELECT substr(a.text, 1, 300) FROM attachments a
    WHERE a.generation_id = generations.id AND a.role = 0 AND a.text IS NOT NULL ORDER BY a.idx LIMIT 1)
WHERE kinds & 16 = 16;

-- A preview no longer stands for a run that saved something to look at or to listen to.
UPDATE generations SET cover = (
    SELECT a.idx FROM attachments a JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = generations.id AND a.role = 0
    ORDER BY a.folder IS 1 OR b.kind > 3, b.kind, a.folder IS NOT 0, a.idx LIMIT 1)
WHERE previews_count > 0;

DROP INDEX generations_by_prompt;
CREATE INDEX generations_by_prompt ON generations (instance_id, prompt_id, status, kinds, created_at);

-- One for each kind, of the runs that have it. The expression is a column so that SQLite needn't read the run to see it.
CREATE INDEX generations_with_image ON generations (kinds & 1, instance_id, status, created_at) WHERE kinds & 1 = 1;
CREATE INDEX generations_with_video ON generations (kinds & 2, instance_id, status, created_at) WHERE kinds & 2 = 2;
CREATE INDEX generations_with_audio ON generations (kinds & 4, instance_id, status, created_at) WHERE kinds & 4 = 4;
CREATE INDEX generations_with_model3d ON generations (kinds & 8, instance_id, status, created_at) WHERE kinds & 8 = 8;
CREATE INDEX generations_with_text ON generations (kinds & 16, instance_id, status, created_at) WHERE kinds & 16 = 16;
CREATE INDEX generations_with_other ON generations (kinds & 32, instance_id, status, created_at) WHERE kinds & 32 = 32;

-- The order in which ComfyUI takes what waits.
CREATE INDEX generations_waiting ON generations (instance_id, number) WHERE status = 0;

-- How many runs were created in each slot of time, by what the list is asked for. A slot is created_at divided by the
-- length of its grain: 0 a quarter of an hour, 1 four hours, 2 sixteen days. Kept true by tally.rs, and when runs are
-- deleted by the trigger.
CREATE TABLE tallies (
    grain       INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    kinds       INTEGER NOT NULL,
    runs        INTEGER NOT NULL,
    PRIMARY KEY (grain, slot, instance_id, status, kinds)
) STRICT, WITHOUT ROWID;

-- In the order of time, so that each row is at hand.
INSERT INTO tallies (grain, slot, instance_id, status, kinds, runs)
    SELECT 0, created_at / 900000, instance_id, status, kinds, 1
    FROM generations WHERE true ORDER BY created_at ON CONFLICT DO UPDATE SET runs = runs + 1;
INSERT INTO tallies (grain, slot, instance_id, status, kinds, runs)
    SELECT 1, slot / 16, instance_id, status, kinds, sum(runs)
    FROM tallies WHERE grain = 0 GROUP BY slot / 16, instance_id, status, kinds;
INSERT INTO tallies (grain, slot, instance_id, status, kinds, runs)
    SELECT 2, slot / 96, instance_id, status, kinds, sum(runs)
    FROM tallies WHERE grain = 1 GROUP BY slot / 96, instance_id, status, kinds;

CREATE TRIGGER generations_go AFTER DELETE ON generations BEGIN
    UPDATE tallies SET runs = runs - 1
    WHERE (grain, slot) IN (VALUES (0, OLD.created_at / 900000), (1, OLD.created_at / 14400000),
            (2, OLD.created_at / 1382400000))
        AND instance_id = OLD.instance_id AND status = OLD.status AND kinds = OLD.kinds;
    DELETE FROM tallies
    WHERE (grain, slot) IN (VALUES (0, OLD.created_at / 900000), (1, OLD.created_at / 14400000),
            (2, OLD.created_at / 1382400000))
        AND instance_id = OLD.instance_id AND status = OLD.status AND kinds = OLD.kinds AND runs = 0;
END;

-- One row: how many blobs there are, and their bytes.
CREATE TABLE kept_files (
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO kept_files (files, bytes) SELECT count(*), coalesce(sum(bytes), 0) FROM blobs;

CREATE TRIGGER blobs_come AFTER INSERT ON blobs BEGIN
    UPDATE kept_files SET files = files + 1, bytes = bytes + NEW.bytes;
END;

CREATE TRIGGER blobs_go AFTER DELETE ON blobs BEGIN
    UPDATE kept_files SET files = files - 1, bytes = bytes - OLD.bytes;
END;

CREATE TRIGGER blobs_change AFTER UPDATE OF bytes ON blobs BEGIN
    UPDATE kept_files SET bytes = bytes - OLD.bytes + NEW.bytes;
END;

-- The files that are gone, to be counted.
CREATE INDEX attachments_missing ON attachments (state) WHERE state = 2;

-- Times in which an instance wasn't listened to. kind: 0 ComfyUI was away, 1 we didn't run. ended_at: NULL while it lasts.
CREATE TABLE gaps (
    id          INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL REFERENCES instances (id),
    kind        INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    reason      TEXT,
    is_missed   INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX gaps_open ON gaps (instance_id, kind) WHERE ended_at IS NULL;
CREATE INDEX gaps_by_time ON gaps (started_at);
