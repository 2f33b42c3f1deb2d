-- What ComfyUI was to run for, a JSON array of node ids: the end of its queue's and history's items. NULL where a run was
-- recorded before this was kept.
ALTER TABLE generations ADD COLUMN outputs_to_execute TEXT;

-- Files by the name that ComfyUI gave them, for its /view. The newest run is the last of a name.
CREATE INDEX attachments_by_name ON attachments (filename, subfolder, folder) WHERE filename IS NOT NULL;
