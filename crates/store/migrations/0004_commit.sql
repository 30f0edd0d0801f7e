-- Group commit: many tenants a transaction. Each function loops, one statement a tenant in the order
-- that it is given: that is a lock order, and each statement goes to one shard. Sequential scans are
-- off in them, because a plan that was kept from when a table was empty would go on reading all of
-- it when it has grown.

-- A producer's own numbering, so that gaps in it are found without opening bodies.
ALTER TABLE entries
    ADD COLUMN producer_id  text CHECK (producer_id <> ''),
    ADD COLUMN producer_seq bigint CHECK (producer_seq >= 0);

-- Which events are in the log already, anew: HMACs as numbers (their bytes, big-endian), no seq (it
-- stands in the entry), and an index of eight bytes a row that need not be unique: who writes a key
-- holds the tenant's head and has looked. One partition, which carries no policy, so that COPY can
-- write it.
ALTER TABLE event_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event_keys RENAME TO event_keys_before;
CREATE TABLE event_keys (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    -- HMAC of the event's id: 16 bytes.
    key_hi    bigint NOT NULL,
    key_lo    bigint NOT NULL,
    -- HMAC of the event as received: 8 bytes.
    fp8       bigint NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE event_keys_all PARTITION OF event_keys FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
INSERT INTO event_keys (tenant_id, id, key_hi, key_lo, fp8)
SELECT tenant_id, id, ('x' || encode(substr(key16, 1, 8), 'hex'))::bit(64)::bigint,
    ('x' || encode(substr(key16, 9, 8), 'hex'))::bit(64)::bigint,
    ('x' || encode(substr(fp16, 1, 8), 'hex'))::bit(64)::bigint
FROM event_keys_before;
DROP TABLE event_keys_before;
CREATE INDEX event_keys_by_key ON event_keys (key_hi);

-- As event_keys, for items that have no id of their own and came in a request that has one. Good
-- for 24 hours by the id's time, then swept out.
CREATE TABLE request_keys (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    key_hi    bigint NOT NULL,
    key_lo    bigint NOT NULL,
    fp8       bigint NOT NULL,
    PRIMARY KEY (tenant_id, key_hi, key_lo)
);
-- For the sweep; rows lie in about the order of their ids.
CREATE INDEX request_keys_by_time ON request_keys USING brin (id);

-- Locks the heads of these tenants, given in the tenants' order. Tenants that have none are left
-- out. now_us: the database's clock after that lock, so the last row's is after all of them.
CREATE FUNCTION custody_lock_heads(tenants uuid[])
RETURNS TABLE (tenant_id uuid, epoch integer, size bigint, last_id uuid, now_us bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET lock_timeout = '3s' AS $$
#variable_conflict use_column
DECLARE
    tenant uuid;
BEGIN
    FOREACH tenant IN ARRAY tenants LOOP
        SELECT h.tenant_id, h.epoch, h.size, h.last_id
        INTO custody_lock_heads.tenant_id, custody_lock_heads.epoch, custody_lock_heads.size, custody_lock_heads.last_id
        FROM public.heads h WHERE h.tenant_id = tenant FOR UPDATE;
        IF FOUND THEN
            custody_lock_heads.now_us := extract(epoch FROM clock_timestamp()) * 1000000;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- Moves locked heads past the entries that were written: an error where one is not where it was.
CREATE FUNCTION custody_advance_heads(tenants uuid[], sizes bigint[], counts bigint[], last_ids uuid[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    FOR i IN 1 .. cardinality(tenants) LOOP
        UPDATE public.heads SET size = sizes[i] + counts[i], last_id = last_ids[i]
        WHERE tenant_id = tenants[i] AND size = sizes[i];
        IF NOT FOUND THEN
            RAISE 'the locked head of tenant % has moved', tenants[i] USING ERRCODE = 'data_corrupted';
        END IF;
    END LOOP;
END $$;

-- Those of the keys that are there, and others that begin as they do. The keys of tenants[i] begin
-- with keys_hi[firsts[i] .. firsts[i + 1] - 1].
CREATE FUNCTION custody_known_events(tenants uuid[], firsts integer[], keys_hi bigint[])
RETURNS TABLE (tenant_id uuid, id uuid, key_hi bigint, key_lo bigint, fp8 bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    FOR i IN 1 .. cardinality(tenants) LOOP
        RETURN QUERY SELECT k.tenant_id, k.id, k.key_hi, k.key_lo, k.fp8 FROM public.event_keys k
        WHERE k.tenant_id = tenants[i] AND k.key_hi = ANY (keys_hi[firsts[i] : firsts[i + 1] - 1]);
    END LOOP;
END $$;

-- As custody_known_events; keys of entries before `since` are known no more.
CREATE FUNCTION custody_known_requests(tenants uuid[], firsts integer[], keys_hi bigint[], since uuid)
RETURNS TABLE (tenant_id uuid, id uuid, key_hi bigint, key_lo bigint, fp8 bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    FOR i IN 1 .. cardinality(tenants) LOOP
        RETURN QUERY SELECT k.tenant_id, k.id, k.key_hi, k.key_lo, k.fp8 FROM public.request_keys k
        WHERE k.tenant_id = tenants[i] AND k.key_hi = ANY (keys_hi[firsts[i] : firsts[i + 1] - 1])
          AND k.id >= since;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('event_keys', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('request_keys', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
