-- The checkpoints that were written where the database's owner has no hand in them.
-- Who may read and write what stands in access.sql, not here.

CREATE TABLE anchors (
    tenant_id    uuid NOT NULL,
    epoch        integer NOT NULL CHECK (epoch >= 0),
    size         bigint NOT NULL CHECK (size > 0),
    root         bytea NOT NULL CHECK (octet_length(root) = 32),
    -- Of the object.
    key          text NOT NULL,
    sha256       bytea NOT NULL CHECK (octet_length(sha256) = 32),
    anchored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Until then the object store lets nobody remove or replace it; null where it holds nothing.
    locked_until timestamptz,
    PRIMARY KEY (tenant_id, epoch, size)
);

-- A checkpoint that was anchored is kept as well.
ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_kept_for_check,
    ADD CONSTRAINT checkpoints_kept_for_check CHECK (kept_for IN ('hour', 'asked', 'epoch', 'anchor'));

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('anchors', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
