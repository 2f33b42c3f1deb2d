-- Status and kinds come first, and whose a run is only where that is asked for: so a page costs the same however many
-- instances there are. Two full indexes take the place of one and of one for each kind, at as many bytes a run.
DROP INDEX generations_by_status;
DROP INDEX generations_with_image;
DROP INDEX generations_with_video;
DROP INDEX generations_with_audio;
DROP INDEX generations_with_model3d;
DROP INDEX generations_with_text;
DROP INDEX generations_with_other;
DROP INDEX generations_by_prompt;
CREATE INDEX generations_by_status ON generations (status, kinds, created_at);
CREATE INDEX generations_of_instance ON generations (instance_id, status, kinds, created_at);
CREATE INDEX generations_by_prompt ON generations (prompt_id, instance_id, status, kinds, created_at);

-- The tallies of each instance stand together, and those of all instances under an id that none has: 0.
DROP TRIGGER generations_go;
ALTER TABLE tallies RENAME TO old_tallies;
CREATE TABLE tallies (
    instance_id INTEGER NOT NULL,
    grain       INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    kinds       INTEGER NOT NULL,
    runs        INTEGER NOT NULL,
    PRIMARY KEY (instance_id, grain, slot, status, kinds)
) STRICT, WITHOUT ROWID;

INSERT INTO tallies (instance_id, grain, slot, status, kinds, runs)
    SELECT 0, grain, slot, status, kinds, sum(runs) FROM old_tallies GROUP BY grain, slot, status, kinds;
INSERT INTO tallies (instance_id, grain, slot, status, kinds, runs)
    SELECT instance_id, grain, slot, status, kinds, runs FROM old_tallies ORDER BY instance_id, grain, slot;
DROP TABLE old_tallies;

CREATE TRIGGER generations_go AFTER DELETE ON generations BEGIN
    UPDATE tallies SET runs = runs - 1
    WHERE instance_id IN (0, OLD.instance_id)
        AND (grain, slot) IN (VALUES (0, OLD.created_at / 900000), (1, OLD.created_at / 14400000),
            (2, OLD.created_at / 1382400000))
        AND status = OLD.status AND kinds = OLD.kinds;
    DELETE FROM tallies
    WHERE instance_id IN (0, OLD.instance_id)
        AND (grain, slot) IN (VALUES (0, OLD.created_at / 900000), (1, OLD.created_at / 14400000),
            (2, OLD.created_at / 1382400000))
        AND status = OLD.status AND kinds = OLD.kinds AND runs = 0;
END;
