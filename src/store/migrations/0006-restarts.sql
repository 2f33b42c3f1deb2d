-- Where the line to ComfyUI broke, or we began, between two runs: one with a greater id may be another process's than one
-- up to after_id. Gone as soon as that is known.
CREATE TABLE breaks (
    instance_id INTEGER NOT NULL REFERENCES instances (id),
    after_id    INTEGER NOT NULL,
    PRIMARY KEY (instance_id, after_id)
) STRICT, WITHOUT ROWID;

-- A third kind, 2: runs came and went unseen while ComfyUI was heard. runs: how many; NULL for the others.
ALTER TABLE gaps ADD COLUMN runs INTEGER;
