-- The tree over each tenant's log: tiles, checkpoints, and the keys that sign them.
-- Who may read and write what stands in access.sql, not here.

-- Full tiles (c2sp.org/tlog-tiles): 256 hashes of one level, written once and never changed, kept
-- longer than the entries. Those that are not full yet are made from what is below.
CREATE TABLE tiles (
    tenant_id uuid NOT NULL,
    level     smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    index     bigint NOT NULL CHECK (index >= 0),
    -- Of the 256 hashes: which is one hash of the tile above.
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    -- Of its first and last entry; on level 0: where in the log the entry with a seq is.
    first_id  uuid,
    last_id   uuid,
    hashes    bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (tenant_id, level, index),
    CONSTRAINT tiles_ids_on_level_0 CHECK ((level = 0) = (first_id IS NOT NULL AND last_id IS NOT NULL))
);
-- Hashes do not compress.
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- The newest tree of each log, and the checkpoint that says so.
CREATE TABLE trees (
    tenant_id     uuid PRIMARY KEY REFERENCES tenants (id),
    -- The log's when the checkpoint was made.
    epoch         integer NOT NULL CHECK (epoch >= 0),
    size          bigint NOT NULL CHECK (size > 0),
    root          bytea NOT NULL CHECK (octet_length(root) = 32),
    -- Roots of the complete subtrees, from the left: one for each bit of the size.
    frontier      bytea NOT NULL CHECK (octet_length(frontier) % 32 = 0 AND octet_length(frontier) > 0),
    -- The signed note.
    note          text NOT NULL,
    made_at       timestamptz NOT NULL,
    -- Of the checkpoint before, so that one made of another than that is refused; 0 for the first.
    size_before   bigint NOT NULL CHECK (size_before >= 0),
    hour          timestamptz NOT NULL,
    -- Whether it is the first of its hour, which is kept for good.
    first_of_hour boolean NOT NULL
) WITH (fillfactor = 50); -- each pass updates in place

-- The checkpoints that are kept for good: one an hour, and each that was handed to somebody.
CREATE TABLE checkpoints (
    tenant_id uuid NOT NULL,
    epoch     integer NOT NULL CHECK (epoch >= 0),
    size      bigint NOT NULL CHECK (size >= 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    note      text NOT NULL,
    made_at   timestamptz NOT NULL,
    kept_for  text NOT NULL CHECK (kept_for IN ('hour', 'asked', 'epoch')),
    PRIMARY KEY (tenant_id, epoch, size)
);

-- What signs checkpoints, of all tenants. The private half is sealed by the keys port. Rows are never
-- deleted: a checkpoint is verified for as long as somebody has one.
CREATE TABLE log_keys (
    public_key  bytea PRIMARY KEY CHECK (octet_length(public_key) = 32),
    sealed_seed bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    -- Null: the newest. Until then it signs beside the newest.
    signs_until timestamptz
);
CREATE UNIQUE INDEX log_keys_newest ON log_keys ((signs_until IS NULL)) WHERE signs_until IS NULL;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('tiles', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('trees', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('checkpoints', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
