-- How often an item came, since the same bytes are kept once, and when it last did: null while that is
-- received_at.
ALTER TABLE quarantine
    ADD COLUMN times bigint NOT NULL DEFAULT 1 CHECK (times >= 1),
    ADD COLUMN last_received_at timestamptz;
