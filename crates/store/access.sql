-- Every role, grant and policy, on one page. Run as a whole, in one transaction, whenever it or the
-- names in it changed; it starts from nothing, so what is not written here is not granted.
-- The braces stand for quoted names: {database}, and the roles {app}, {writer}, {system}, {reaper}.
--
--   owner    DATABASE_URL's user: migrations. Bound by row security as everybody is.
--   writer   appends: INSERT into the partitions of entries and event keys (they carry no policy:
--            COPY is refused under one), heads, request keys. Reads no entry.
--   app      the rows of the tenant that the transaction names, and no other. Changes no entry.
--   system   what needs all tenants, by columns: of entries their ids, hashes and producers' numbers;
--            never what an entry says, findings, quarantined bytes.
--   reaper   redacts and deletes, within the tenant that the transaction names.

REVOKE ALL ON DATABASE {database} FROM PUBLIC, {app}, {writer}, {system}, {reaper};
GRANT CONNECT ON DATABASE {database} TO {app}, {writer}, {system}, {reaper};
REVOKE ALL ON SCHEMA public FROM PUBLIC, {app}, {writer}, {system}, {reaper};
GRANT USAGE ON SCHEMA public TO {app}, {writer}, {system}, {reaper};

-- From nothing: no grant and no policy on anything that is the owner's.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND c.relowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, {app}, {writer}, {system}, {reaper}', object.name);
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, {app}, {writer}, {system}, {reaper}', object.name);
    END LOOP;
    FOR object IN
        SELECT p.polname AS policy, p.polrelid::regclass AS name FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid
        WHERE c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('DROP POLICY %I ON %s', object.policy, object.name);
    END LOOP;
END $$;

-- Every tenant table: row security forced, and one policy for those who act within a tenant.
-- nullif: a reused connection has the setting as '', which is no uuid; a CASE would be a filter
-- for each row.
DO $$
DECLARE
    tenant_table text;
    own constant text := $policy$tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid$policy$;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY[
        'entries', 'heads', 'event_keys', 'request_keys', 'tenant_keys', 'quarantine', 'quarantine_usage',
        'memberships', 'invitations', 'api_keys', 'issued_tokens', 'sessions', 'tickets',
        'mask_policies', 'audit_outbox', 'followers', 'producers', 'producer_counts',
        'tiles', 'trees', 'checkpoints', 'jobs', 'schedules', 'schedule_firings', 'health_checks', 'anchors',
        'tenant_checks', 'providers', 'scans', 'scan_checks', 'scan_logs', 'finding_bases', 'resources', 'findings',
        'finding_triage'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I TO {app}, {reaper} USING (%s) WITH CHECK (%s)', tenant_table, own, own);
    END LOOP;
END $$;

-- A tenant's own row is the tenant.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants TO {app}
    USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant_id', true), '')::uuid);

-- Those who act across tenants; what they may touch is in their grants.
CREATE POLICY writer ON heads TO {writer} USING (true) WITH CHECK (true);
CREATE POLICY writer ON event_keys TO {writer} USING (true) WITH CHECK (true);
CREATE POLICY writer ON request_keys TO {writer} USING (true) WITH CHECK (true);
CREATE POLICY system ON tenants TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON heads TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON request_keys TO {system} USING (true);
CREATE POLICY system ON memberships TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON invitations TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON api_keys TO {system} USING (true);
CREATE POLICY system ON issued_tokens TO {system} USING (true);
CREATE POLICY system ON sessions TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON tickets TO {system} USING (true);
CREATE POLICY system ON audit_outbox TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON entries FOR SELECT TO {system} USING (true);
CREATE POLICY system ON followers TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON producers TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON producer_counts TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON tiles TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON trees TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON jobs TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON schedules TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON schedule_firings TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON checkpoints TO {system} USING (true) WITH CHECK (true);
CREATE POLICY system ON scans FOR SELECT TO {system} USING (true);

-- Installation
GRANT SELECT (id, name, title, status, created_at, updated_at) ON tenants TO {app};
GRANT SELECT, INSERT, UPDATE (title, status, updated_at) ON tenants TO {system};

-- Ledger
GRANT SELECT, UPDATE (size, last_id) ON heads TO {writer};
GRANT SELECT ON heads TO {app};
GRANT SELECT, INSERT (tenant_id) ON heads TO {system};
GRANT SELECT ON entries TO {app};
GRANT SELECT, DELETE, UPDATE (occurred_at, severity, outcome, ip, action, actor_id, actor_type,
    resource_type, resource_id, request_id, session_id, producer_id, producer_seq, body) ON entries TO {reaper};
GRANT SELECT ON event_keys TO {writer};
GRANT INSERT ON event_keys_all TO {writer};
GRANT SELECT (tenant_id, id), DELETE ON event_keys TO {reaper};
GRANT SELECT ON request_keys TO {writer};
GRANT INSERT ON request_keys_all TO {writer};
GRANT SELECT (tenant_id, id), DELETE ON request_keys TO {reaper};
GRANT SELECT (id), DELETE ON request_keys TO {system};
GRANT EXECUTE ON FUNCTION custody_lock_heads(uuid[]) TO {writer};
GRANT EXECUTE ON FUNCTION custody_advance_heads(uuid[], bigint[], bigint[], uuid[]) TO {writer};
GRANT EXECUTE ON FUNCTION custody_known_events(uuid[], integer[], bigint[]) TO {writer};
GRANT EXECUTE ON FUNCTION custody_known_requests(uuid[], integer[], bigint[], uuid) TO {writer};
GRANT SELECT, INSERT ON tenant_keys TO {app};
GRANT SELECT, INSERT, DELETE, UPDATE (times, last_received_at) ON quarantine TO {app};
GRANT SELECT, INSERT, UPDATE (items, bytes) ON quarantine_usage TO {app};
GRANT EXECUTE ON FUNCTION custody_create_partition(date) TO {system};
GRANT EXECUTE ON FUNCTION custody_drop_partition(date) TO {reaper};

-- Followers: what they make of the log goes by hashes, counts and the numbers that producers gave.
GRANT SELECT (tenant_id, id, seq, leaf_hash, producer_id, producer_seq) ON entries TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE ON leases TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON lease_candidates TO {system};
GRANT SELECT, INSERT, UPDATE ON followers TO {system};
GRANT SELECT ON followers TO {app};
GRANT SELECT, INSERT, UPDATE ON projections TO {system};
GRANT SELECT ON projections TO {app};
GRANT SELECT, INSERT, UPDATE ON producers, producer_counts TO {system};
GRANT SELECT ON producers, producer_counts TO {app};
GRANT SELECT, DELETE ON producers TO {reaper};
GRANT EXECUTE ON FUNCTION custody_numbered(uuid[], uuid[], uuid[]) TO {system};

-- The tree: hashes and signed notes. What is in a full tile never changes.
GRANT SELECT (tenant_id, level, index, root, first_id, last_id), INSERT ON tiles TO {system};
GRANT SELECT, INSERT, UPDATE ON trees TO {system};
GRANT INSERT ON checkpoints TO {system};
GRANT SELECT, INSERT, UPDATE (signs_until) ON log_keys TO {system};
GRANT SELECT ON tiles, trees TO {app};
GRANT SELECT, INSERT ON checkpoints TO {app};

-- Jobs: the system hands them out by kind, age and state; what is to be done, how far it came and what
-- came of it is read within the tenant.
GRANT SELECT, INSERT, UPDATE (state, since, run_at, attempts, holder, cancel_requested_at, version, progress,
    result, result_expires_at, failure, failed_at, started_at, ended_at) ON jobs TO {app};
GRANT SELECT (tenant_id, id, kind, payload_version, state, since, run_at, priority, unique_key, attempts,
    attempts_max, holder, token, sent_at, cancel_requested_at, version, result_expires_at, program, created_at,
    started_at, ended_at, swept_at),
    INSERT, DELETE, UPDATE (state, since, run_at, attempts, holder, token, sent_at, version, result,
    result_expires_at, failure, failed_at, started_at, ended_at, swept_at) ON jobs TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON job_workers TO {system};
GRANT EXECUTE ON FUNCTION custody_claim_jobs(uuid, text, text[], smallint[], integer[], integer, integer[], integer[], uuid[]) TO {system};

-- Schedules: the system fires them. A tenant sees what its own ask for, in which no secret stands: credentials
-- are those of a connected account, by its id.
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO {system};
GRANT SELECT, INSERT, DELETE ON schedule_firings TO {system};
GRANT SELECT (tenant_id, name, kind, payload, priority, cron, time_zone, jitter_seconds, each_tenant, if_running,
    enabled, retired_at, next_at, last_due_at, last_fired_at, fired, skipped, failure, failed_at, created_at, updated_at)
    ON schedules TO {app};
GRANT SELECT, INSERT, UPDATE (is_well, since, detail) ON health_checks TO {app};

-- Anchors are never changed.
GRANT SELECT, INSERT ON anchors TO {app};

-- Scans: all within the tenant. What can be checked is the same for all.
GRANT SELECT ON catalogues TO {app};
GRANT SELECT, INSERT, UPDATE (body, checks, read_at) ON catalogues TO {system};
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_checks, providers, scans, scan_checks, finding_triage TO {app};
GRANT SELECT (tenant_id, id, version, job_id, ended_at) ON scans TO {system};
GRANT SELECT, INSERT, DELETE ON scan_logs, finding_bases TO {app};
GRANT SELECT, INSERT, DELETE, UPDATE (last_seen_at, first_seen_at) ON resources TO {app};
GRANT SELECT, INSERT, DELETE, UPDATE (current, triage, muted_until, first_seen_at) ON findings TO {app};

-- Identity. People, their sessions and secrets belong to no tenant, so the app role has nothing of
-- them; what a tenant may know of its members it reads by the ids of its own memberships.
GRANT SELECT, INSERT, UPDATE (password_hash, updated_at) ON users TO {system};
GRANT SELECT, DELETE, UPDATE (role, row_grant, updated_at) ON memberships TO {app};
GRANT SELECT, INSERT ON memberships TO {system};
-- No hash of a secret is read where a tenant's rows are; an invitation's is not written there either.
GRANT SELECT (tenant_id, id, email, role, row_grant, created_by, created_at, expires_at, accepted_at,
    accepted_by, revoked_at), INSERT (tenant_id, id, email, role, row_grant, created_by, created_at, expires_at),
    UPDATE (revoked_at) ON invitations TO {app};
GRANT SELECT, INSERT, UPDATE (secret_hash, accepted_at, accepted_by) ON invitations TO {system};
GRANT SELECT (tenant_id, id, name, prefix, role, created_by, created_at, expires_at, revoked_at),
    INSERT, UPDATE (revoked_at) ON api_keys TO {app};
GRANT SELECT (tenant_id, id, name, prefix, secret_hash, role, expires_at, revoked_at)
    ON api_keys TO {system};
GRANT SELECT, INSERT, UPDATE (revoked_at) ON issued_tokens TO {app};
GRANT SELECT (tenant_id, id, name, role, expires_at, revoked_at) ON issued_tokens TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (must_set_password, ended_at, end_reason) ON sessions TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON refresh_tokens TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON one_time_secrets TO {system};
GRANT INSERT ON tickets TO {app};
GRANT SELECT, DELETE ON tickets TO {system};
GRANT SELECT, INSERT, DELETE, UPDATE (retired_at, verifies_until) ON signing_keys TO {system};
GRANT SELECT, INSERT, UPDATE (policy, updated_at, updated_by) ON mask_policies TO {app};
-- Of the outbox, which tenants have something in it; what it is, only within the tenant.
GRANT SELECT, INSERT, DELETE ON audit_outbox TO {app};
GRANT SELECT (tenant_id, id, created_at), INSERT ON audit_outbox TO {system};

-- Partitions lost the writer's INSERT above.
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'entries'::regclass LOOP
        EXECUTE format('GRANT INSERT ON %s TO {writer}', partition);
    END LOOP;
END $$;

-- Citus hands a transaction's settings on to the shards only when the role says so.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        ALTER ROLE {app} SET citus.propagate_set_commands = 'local';
        ALTER ROLE {reaper} SET citus.propagate_set_commands = 'local';
    END IF;
END $$;
