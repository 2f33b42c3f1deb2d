-- When somebody said that they know of a gap: from then on it is told on the status page alone.
ALTER TABLE gaps ADD COLUMN dismissed_at INTEGER;
