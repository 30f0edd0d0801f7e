-- Followers: who follows what, and how far each has come.
-- Who may read and write what stands in access.sql, not here.

-- One follower's hold on one group of tenants. The token rises with each new holder; whoever writes
-- what is derived locks the row and compares it, so that a holder that was taken for dead cannot
-- write any more, whatever it believes.
CREATE TABLE leases (
    follower     text NOT NULL CHECK (follower ~ '^[a-z][a-z0-9_]{0,39}$'),
    tenant_group smallint NOT NULL CHECK (tenant_group BETWEEN 0 AND 15),
    token        bigint NOT NULL DEFAULT 0 CHECK (token >= 0),
    -- A process, by a random id of this start of it; null when the group is free.
    holder       uuid,
    expires_at   timestamptz,
    PRIMARY KEY (follower, tenant_group),
    CONSTRAINT leases_held_until CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 20); -- locked and renewed all the time, in place

-- The processes that would hold leases of a follower, so that each knows its share.
CREATE TABLE lease_candidates (
    follower   text NOT NULL,
    candidate  uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (follower, candidate)
) WITH (fillfactor = 50);

-- How far a follower has come in a tenant's log.
CREATE TABLE followers (
    tenant_id  uuid NOT NULL,
    follower   text NOT NULL CHECK (follower ~ '^[a-z][a-z0-9_]{0,39}$'),
    -- The log's when it was followed: after a restore that may have lost entries a follower begins
    -- again.
    epoch      integer NOT NULL CHECK (epoch >= 0),
    -- Entries followed, which is the next one's seq.
    position   bigint NOT NULL CHECK (position >= 0),
    -- The id of the last one.
    last_id    uuid,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Why it does not come on; told to the tenant.
    failure    text CHECK (char_length(failure) BETWEEN 1 AND 500),
    failed_at  timestamptz,
    PRIMARY KEY (tenant_id, follower),
    CONSTRAINT followers_last_id_iff_followed CHECK ((position = 0) = (last_id IS NULL)),
    CONSTRAINT followers_failed_for_a_reason CHECK ((failure IS NULL) = (failed_at IS NULL))
) WITH (fillfactor = 50); -- each pass updates in place

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('followers', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
