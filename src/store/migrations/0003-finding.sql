-- Runs that wait to be indexed, for the first time or again. change: counts up while a run waits, so that one that changes
-- while it is being indexed is indexed once more.
CREATE TABLE unindexed (
    generation_id INTEGER PRIMARY KEY,
    change        INTEGER NOT NULL
) STRICT;

INSERT INTO unindexed (generation_id, change) SELECT id, 0 FROM generations;
