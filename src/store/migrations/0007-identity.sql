-- Which store this is: what is derived from it, and lies in files of its own, names it.
INSERT OR IGNORE INTO meta (key, value) VALUES ('store', lower(hex(randomblob(16))));
