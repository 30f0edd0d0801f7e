-- Jobs: work that outlives the request that asked for it, the workers that run it, and schedules.
-- Who may read and write what stands in access.sql, not here.

CREATE TABLE jobs (
    tenant_id       uuid NOT NULL REFERENCES tenants (id),
    -- UUIDv7: by age.
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_.]{0,59}$'),
    -- What is to be done, as JSON: text, because jsonb reorders and refuses \u0000.
    payload         text NOT NULL CHECK (octet_length(payload) <= 262144),
    payload_version smallint NOT NULL CHECK (payload_version >= 1),
    -- delayed: not before run_at. waiting: may run now. blocked: until the unfinished job of the same
    -- unique key has ended. sent: handed to a message queue. The last three are ends.
    state           text NOT NULL CHECK (state IN
                        ('delayed', 'waiting', 'blocked', 'sent', 'running', 'succeeded', 'failed', 'cancelled')),
    -- When it came into that state, by the database's clock.
    since           timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_at          timestamptz NOT NULL,
    -- Among the tenant's own of the kind: higher first.
    priority        smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),
    unique_key      text CHECK (char_length(unique_key) BETWEEN 1 AND 200),
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_max    smallint NOT NULL CHECK (attempts_max >= 1),
    -- The worker that runs it, and the fencing token: who holds another one writes nothing.
    holder          uuid,
    token           bigint NOT NULL DEFAULT 0 CHECK (token >= 0),
    sent_at         timestamptz,
    cancel_requested_at timestamptz,
    -- Rises with whatever a client can see of the job.
    version         bigint NOT NULL DEFAULT 1,
    progress        text CHECK (octet_length(progress) <= 16384),
    result          text CHECK (octet_length(result) <= 65536),
    result_expires_at timestamptz,
    -- Why the last attempt did not end well.
    failure         text CHECK (char_length(failure) BETWEEN 1 AND 2000),
    failed_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- A principal, as an entry's recorded_by has it.
    created_by      text NOT NULL,
    -- The version of the program that asked for it.
    program         text NOT NULL,
    started_at      timestamptz,
    ended_at        timestamptz,
    -- Its files are being removed, and it goes after them: nobody retries it any more.
    swept_at        timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT jobs_held_while_running CHECK ((state = 'running') = (holder IS NOT NULL)),
    CONSTRAINT jobs_ended_at_its_end CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT jobs_swept_after_their_end CHECK (swept_at IS NULL OR ended_at IS NOT NULL),
    CONSTRAINT jobs_failed_for_a_reason CHECK ((failure IS NULL) = (failed_at IS NULL)),
    CONSTRAINT jobs_results_expire CHECK ((result IS NULL) OR (result_expires_at IS NOT NULL))
) WITH (
    fillfactor = 80,
    -- Every job changes its row three times, and the indexes of what waits are read at their beginning,
    -- where the dead lie.
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.1
);

-- The circle of tenants that have something of a kind to run, and each one's order.
CREATE INDEX jobs_waiting ON jobs (kind, tenant_id, priority DESC, id) WHERE state = 'waiting';
CREATE INDEX jobs_delayed ON jobs (run_at) WHERE state = 'delayed';
CREATE INDEX jobs_in_flight ON jobs (kind, tenant_id) WHERE state IN ('sent', 'running');
CREATE INDEX jobs_blocked ON jobs (tenant_id, kind, unique_key, id) WHERE state = 'blocked';
CREATE INDEX jobs_results ON jobs (result_expires_at) WHERE result_expires_at IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
-- One unfinished job of a key; those that wait for it are blocked.
CREATE UNIQUE INDEX jobs_unique_key ON jobs (tenant_id, kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('delayed', 'waiting', 'sent', 'running');

-- A process that runs jobs. Its jobs are its own while it is heard of.
CREATE TABLE job_workers (
    id         uuid NOT NULL PRIMARY KEY,
    -- The machine's name and the process's number, for people.
    name       text NOT NULL,
    program    text NOT NULL,
    -- `kind/version`, the highest that it can read.
    kinds      text[] NOT NULL,
    -- Those that it runs: it may be told to leave kinds that it knows to others.
    runs       text[] NOT NULL,
    slots      integer NOT NULL CHECK (slots >= 1),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50); -- each beat updates in place

-- Hands out up to `total` jobs, up to `rooms` of each kind, one of each tenant in turn beginning behind `after`, within
-- the limits, as `claimed` (running, sent). Where a kind has a limit its claims come one after another,
-- or two workers would both see room for the last.
CREATE FUNCTION custody_claim_jobs(
    claimer uuid, claimed text, kinds text[], versions smallint[], rooms integer[], total integer,
    kind_max integer[], tenant_max integer[], after uuid[]
) RETURNS TABLE (
    job_tenant uuid, job_id uuid, job_kind text, job_version smallint, job_token bigint,
    job_attempts smallint, job_attempts_max smallint, job_unique boolean
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n integer;
    room integer;
    flying integer;
    free integer;
    quota integer;
    taken integer;
    turn uuid;
    beginning uuid;
    wrapped boolean;
    is_limited boolean;
    -- Kinds whose claims are this one's turn.
    locked integer[] := '{}';
    next_tenant uuid;
    got uuid[];
    -- Of this kind, and of all: they are changed in one statement at the end, because each that changes a
    -- job reads all of the table's checks anew (measured: half of a claim's time).
    of_tenants uuid[];
    of_jobs uuid[];
    tenants uuid[] := '{}';
    picked uuid[] := '{}';
BEGIN
    -- In one order, whichever kind's turn comes first: else two claims could wait for each other.
    FOR n IN
        SELECT i FROM generate_subscripts(kinds, 1) AS i
        WHERE rooms[i] > 0 AND (kind_max[i] IS NOT NULL OR tenant_max[i] IS NOT NULL)
        ORDER BY hashtext(kinds[i])
    LOOP
        PERFORM FROM public.jobs j WHERE j.state = 'waiting' AND j.kind = kinds[n] LIMIT 1;
        CONTINUE WHEN NOT FOUND;
        PERFORM pg_advisory_xact_lock(1668641123, hashtext(kinds[n]));
        locked := locked || n;
    END LOOP;
    FOR n IN 1 .. coalesce(array_length(kinds, 1), 0) LOOP
        room := least(rooms[n], total - cardinality(picked));
        CONTINUE WHEN room <= 0;
        is_limited := kind_max[n] IS NOT NULL OR tenant_max[n] IS NOT NULL;
        -- What has come since then is the next claim's.
        CONTINUE WHEN is_limited AND n <> ALL (locked);
        PERFORM FROM public.jobs j WHERE j.state = 'waiting' AND j.kind = kinds[n] LIMIT 1;
        CONTINUE WHEN NOT FOUND;
        IF kind_max[n] IS NOT NULL THEN
            SELECT count(*) INTO flying FROM public.jobs j WHERE j.state IN ('sent', 'running') AND j.kind = kinds[n];
            room := least(room, kind_max[n] - flying);
        END IF;
        of_tenants := '{}';
        of_jobs := '{}';
        quota := 1;
        beginning := coalesce(after[n], '00000000-0000-0000-0000-000000000000');
        -- Round the circle, with a greater share each time, until there is no room or nobody.
        WHILE room > 0 LOOP
            taken := 0;
            wrapped := false;
            turn := beginning;
            WHILE room > 0 LOOP
                SELECT j.tenant_id INTO next_tenant FROM public.jobs j
                WHERE j.state = 'waiting' AND j.kind = kinds[n] AND j.tenant_id > turn
                ORDER BY j.kind, j.tenant_id LIMIT 1;
                IF NOT FOUND THEN
                    EXIT WHEN wrapped;
                    wrapped := true;
                    turn := '00000000-0000-0000-0000-000000000000';
                    CONTINUE;
                END IF;
                EXIT WHEN wrapped AND next_tenant > beginning;
                turn := next_tenant;
                free := least(room, quota);
                IF tenant_max[n] IS NOT NULL THEN
                    SELECT count(*) INTO flying FROM public.jobs j
                    WHERE j.state IN ('sent', 'running') AND j.kind = kinds[n] AND j.tenant_id = turn;
                    flying := flying + cardinality(array_positions(of_tenants, turn));
                    free := least(free, tenant_max[n] - flying);
                    CONTINUE WHEN free <= 0;
                END IF;
                SELECT array_agg(w.id) INTO got FROM (
                    SELECT j.id FROM public.jobs j
                    WHERE j.state = 'waiting' AND j.kind = kinds[n] AND j.tenant_id = turn
                      AND j.payload_version <= versions[n] AND j.id <> ALL (of_jobs)
                    ORDER BY j.kind, j.tenant_id, j.priority DESC, j.id LIMIT free
                    FOR UPDATE SKIP LOCKED
                ) AS w;
                IF got IS NOT NULL THEN
                    of_jobs := of_jobs || got;
                    of_tenants := of_tenants || array_fill(turn, ARRAY[cardinality(got)]);
                    taken := taken + cardinality(got);
                    room := room - cardinality(got);
                END IF;
                EXIT WHEN wrapped AND turn = beginning;
            END LOOP;
            EXIT WHEN taken = 0;
            quota := quota * 4;
        END LOOP;
        tenants := tenants || of_tenants;
        picked := picked || of_jobs;
    END LOOP;
    IF cardinality(picked) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH claims AS (
            UPDATE public.jobs AS j SET
                state = claimed, since = clock_timestamp(), version = j.version + 1, sent_at = NULL,
                holder = CASE WHEN claimed = 'running' THEN claimer END,
                token = j.token + CASE WHEN claimed = 'running' THEN 1 ELSE 0 END,
                attempts = j.attempts + CASE WHEN claimed = 'running' THEN 1 ELSE 0 END,
                started_at = CASE WHEN claimed = 'running' THEN coalesce(j.started_at, clock_timestamp()) ELSE j.started_at END
            FROM unnest(tenants, picked) WITH ORDINALITY AS own (of_tenant, of_job, place)
            WHERE j.tenant_id = own.of_tenant AND j.id = own.of_job
            RETURNING own.place, j.tenant_id, j.id, j.kind, j.payload_version, j.token, j.attempts,
                j.attempts_max, j.unique_key IS NOT NULL AS has_key
        )
        -- In the order of the turns.
        SELECT c.tenant_id, c.id, c.kind, c.payload_version, c.token, c.attempts, c.attempts_max, c.has_key
        FROM claims c ORDER BY c.place;
END $$;
