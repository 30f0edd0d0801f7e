-- Of an item that was too long to be held only the beginning is kept: how long it was. Null where all
-- of it is here; then size_bytes says it, which is what counts against the quota.
ALTER TABLE quarantine ADD COLUMN sent_bytes bigint CHECK (sent_bytes > size_bytes);
