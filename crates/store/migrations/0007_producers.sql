-- What producers' numbers say of completeness (docs/completeness.md).
-- Who may read and write what stands in access.sql, not here.

CREATE TABLE producers (
    tenant_id       uuid NOT NULL,
    -- As it stands in the entries, masked where they are. In the order of its bytes, which is that of
    -- signed lists.
    producer_id     text COLLATE "C" NOT NULL CHECK (octet_length(producer_id) BETWEEN 1 AND 2048),
    -- The log's; rows of an earlier one count no more.
    epoch           integer NOT NULL CHECK (epoch >= 0),
    -- Times that it has begun to count anew, and this one.
    run             bigint NOT NULL CHECK (run >= 1),
    -- Lowest and highest number of this run.
    first_seq       bigint NOT NULL CHECK (first_seq >= 0),
    highest_seq     bigint NOT NULL CHECK (highest_seq >= first_seq),
    -- Numbers between those two that have not come: [[from, to, milliseconds of the entry that
    -- showed it], …], ascending, both ends in it.
    gaps            jsonb NOT NULL CHECK (jsonb_typeof(gaps) = 'array'),
    -- Of the lowest gaps, when there were too many to keep: how many numbers, and where those end.
    gaps_dropped    bigint NOT NULL CHECK (gaps_dropped >= 0),
    gaps_kept_from  bigint NOT NULL CHECK (gaps_kept_from >= 0),
    -- Numbers of this run that have not come, in gaps and in dropped ones.
    missing         bigint NOT NULL CHECK (missing >= 0),
    -- Those of earlier runs, which never will.
    missing_earlier bigint NOT NULL CHECK (missing_earlier >= 0),
    -- Entries of all runs, and how many of them closed a gap, or came again, or cannot be told.
    entries         bigint NOT NULL CHECK (entries >= 1),
    late            bigint NOT NULL CHECK (late >= 0),
    repeated        bigint NOT NULL CHECK (repeated >= 0),
    unplaced        bigint NOT NULL CHECK (unplaced >= 0),
    -- When its first and its last entry were received.
    first_seen_at   timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, producer_id)
) WITH (fillfactor = 70);
-- What a watermark names.
CREATE INDEX producers_incomplete ON producers (tenant_id, producer_id)
    WHERE missing > 0 OR missing_earlier > 0;

-- How many producers a tenant has, so that a bound on it costs one row and not a count.
CREATE TABLE producer_counts (
    tenant_id uuid PRIMARY KEY,
    epoch     integer NOT NULL CHECK (epoch >= 0),
    kept      bigint NOT NULL CHECK (kept >= 0),
    -- Entries of producers beyond the bound: numbers that nobody has looked at.
    unwatched bigint NOT NULL CHECK (unwatched >= 0)
);

-- The numbers that producers gave in a range of each of these logs, by producer, in log order. A
-- row with no producer counts the entries that have none. Without sequential scans: a plan kept from
-- when the log was small would go on reading all of it.
CREATE FUNCTION custody_numbered(tenants uuid[], after_ids uuid[], to_ids uuid[])
RETURNS TABLE (place integer, producer_id text, entries bigint, seqs bigint[], ids uuid[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    FOR i IN 1 .. cardinality(tenants) LOOP
        RETURN QUERY
            SELECT i, e.producer_id, count(*),
                array_agg(e.producer_seq ORDER BY e.id) FILTER (WHERE e.producer_id IS NOT NULL),
                array_agg(e.id ORDER BY e.id) FILTER (WHERE e.producer_id IS NOT NULL)
            FROM public.entries e
            WHERE e.tenant_id = tenants[i] AND e.id > after_ids[i] AND e.id <= to_ids[i]
            GROUP BY e.producer_id;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('producers', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('producer_counts', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
