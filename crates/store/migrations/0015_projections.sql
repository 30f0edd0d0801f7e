-- What is derived from the logs and lies outside of this database: which of it is in force.
-- Who may read and write what stands in access.sql, not here.

-- What followers made under an earlier generation counts no more, wherever it still lies. A reader sees
-- generation and positions in one look, so that neither is taken for the other's.
CREATE TABLE projections (
    -- The follower's.
    name       text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    generation integer NOT NULL CHECK (generation > 0),
    -- Of its form, by the program that began the generation.
    version    integer NOT NULL CHECK (version >= 0),
    begun_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_reference_table('projections');
    END IF;
END $$;
