-- The ledger: one log a tenant. Every key begins with tenant_id, which is also what Citus shards by.

-- Where each tenant's log ends. The row is locked by whoever appends.
CREATE TABLE heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    -- Rises when a restore may have lost entries.
    epoch     integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    -- Entries so far, so the next one's seq.
    size      bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    last_id   uuid CHECK (substr(last_id::text, 15, 1) = '7'),
    CONSTRAINT heads_last_id_iff_entries CHECK ((size = 0) = (last_id IS NULL))
) WITH (fillfactor = 50); -- each append updates in place

INSERT INTO heads (tenant_id) VALUES ('00000000-0000-7000-8000-000000000000');

-- The entries. The typed columns are copies of members of the body (docs/schema.md), by which
-- people filter; the body is what is proven. No foreign keys and no triggers: nothing is to run for
-- each row of a COPY.
CREATE TABLE entries (
    tenant_id     uuid NOT NULL,
    -- UUIDv7 of the received time, strictly increasing within the tenant.
    id            uuid NOT NULL,
    -- From 0, gap-free within the tenant: the leaf index.
    seq           bigint NOT NULL CHECK (seq >= 0),
    occurred_at   timestamptz,
    severity      smallint CHECK (severity BETWEEN 0 AND 3),
    outcome       smallint CHECK (outcome BETWEEN 0 AND 2),
    ip            inet,
    -- Null once redacted, else always there.
    action        text CHECK (action <> ''),
    actor_id      text CHECK (actor_id <> ''),
    actor_type    text,
    resource_type text,
    resource_id   text,
    request_id    text,
    session_id    text,
    leaf_hash     bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    -- zstd of the body's bytes; the dictionary's number is in the frame.
    body          bytea NOT NULL CHECK (octet_length(body) > 0),
    PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
-- Compressed already; the server need not try again.
ALTER TABLE entries ALTER COLUMN body SET STORAGE EXTERNAL;

-- Which events are in the log, by HMACs under the tenant's key: neither the event's id nor its
-- contents can be read from them. Kept as long as the entry.
CREATE TABLE event_keys (
    tenant_id uuid NOT NULL,
    key16     bytea NOT NULL CHECK (octet_length(key16) = 16),
    fp16      bytea NOT NULL CHECK (octet_length(fp16) = 16),
    id        uuid NOT NULL,
    seq       bigint NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (tenant_id, key16)
);

-- A tenant's own keys, sealed by the keys port.
CREATE TABLE tenant_keys (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    purpose    text NOT NULL CHECK (purpose IN ('event_keys')),
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, purpose)
);

-- What could not become an entry. Its bytes are sealed whole; what is in the clear says where and
-- why, never what.
CREATE TABLE quarantine (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    id            uuid NOT NULL,
    -- HMAC of the item under the tenant's key: the same item again is not kept twice.
    fp16          bytea NOT NULL CHECK (octet_length(fp16) = 16),
    reason        text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
    -- [{"pointer": …, "detail": …}]; json, because jsonb refuses a NUL, which a pointer may hold.
    errors        json NOT NULL CHECK (json_typeof(errors) = 'array'),
    source_format text NOT NULL CHECK (char_length(source_format) BETWEEN 1 AND 40),
    -- As an entry's recorded_by.
    recorded_by   json NOT NULL CHECK (json_typeof(recorded_by) = 'object'),
    -- Of the item as received.
    size_bytes    bigint NOT NULL CHECK (size_bytes >= 0),
    sealed        bytea NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT quarantine_once UNIQUE (tenant_id, fp16)
);

-- What a tenant's quarantine holds, so that its quota costs one row and not a count.
CREATE TABLE quarantine_usage (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    items     bigint NOT NULL DEFAULT 0 CHECK (items >= 0),
    bytes     bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0)
);

-- A day (UTC) as the smallest UUID of its first millisecond.
CREATE FUNCTION custody_day_bound(day date) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN rpad(lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- Makes a day's partition; false when it is there. Attaching, unlike PARTITION OF, blocks neither
-- readers nor writers of the other days. The writer gets INSERT on it, nobody gets anything else:
-- a partition carries no policy, so whoever could read it would read all tenants.
CREATE FUNCTION custody_create_partition(day date) RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    partition text := 'entries_' || to_char(day, 'YYYYMMDD');
    writer    text;
BEGIN
    IF day > (clock_timestamp() AT TIME ZONE 'UTC')::date + 400 THEN
        RAISE 'partitions are made at most 400 days ahead' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF day < DATE '2020-01-01' THEN
        RAISE 'there are no partitions before 2020' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('custody.partitions', 0));
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    SELECT role_prefix || '_writer' INTO STRICT writer FROM public.installation;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.entries INCLUDING ALL)', partition);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', partition);
    EXECUTE format('ALTER TABLE public.entries ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, public.custody_day_bound(day), public.custody_day_bound(day + 1));
    EXECUTE format('GRANT INSERT ON public.%I TO %I', partition, writer);
    RETURN true;
END $$;

-- Drops a past day's partition once it is empty; false when there is none, an error when it holds
-- a row of any tenant.
CREATE FUNCTION custody_drop_partition(day date) RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    partition text := 'entries_' || to_char(day, 'YYYYMMDD');
    holds_row boolean;
BEGIN
    -- A clock set back by a day still writes into yesterday.
    IF day > (clock_timestamp() AT TIME ZONE 'UTC')::date - 2 THEN
        RAISE 'only days that are past can be dropped' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('custody.partitions', 0));
    IF to_regclass('public.' || partition) IS NULL THEN
        RETURN false;
    END IF;
    -- The root first, as every query does; the other way round two could wait for each other.
    LOCK TABLE ONLY public.entries IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', partition);
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', partition) INTO holds_row;
    IF holds_row THEN
        RAISE 'partition % still holds entries', partition USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('DROP TABLE public.%I', partition);
    RETURN true;
END $$;

-- Past one machine: tenants everywhere, everything of a tenant on its shard.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_reference_table('tenants');
        PERFORM create_distributed_table('heads', 'tenant_id');
        PERFORM create_distributed_table('entries', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('event_keys', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('tenant_keys', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('quarantine', 'tenant_id', colocate_with => 'heads');
        PERFORM create_distributed_table('quarantine_usage', 'tenant_id', colocate_with => 'heads');
    END IF;
END $$;
