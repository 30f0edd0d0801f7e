-- Scans of cloud accounts: what was asked for, which checks ran, and what they found.
-- Who may read and write what stands in access.sql, not here.

-- What can be checked, as an engine's own files say it: the same for every tenant. A worker that has the
-- engine reads it once a version.
CREATE TABLE catalogues (
    engine     text NOT NULL CHECK (engine ~ '^[a-z][a-z0-9_]{0,39}$'),
    version    text NOT NULL CHECK (char_length(version) BETWEEN 1 AND 40),
    provider   text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
    -- JSON under zstd: checks, their texts, and the frameworks whose requirements name them.
    body       bytea NOT NULL,
    checks     integer NOT NULL CHECK (checks >= 0),
    read_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (engine, version, provider)
);

-- A tenant's own word on checks: one of its own, another severity, or that one is left out.
CREATE TABLE tenant_checks (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    provider   text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
    check_id   text NOT NULL CHECK (check_id ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$'),
    -- Its texts, as JSON; null where it is a check of the catalogue that is changed.
    own        text CHECK (octet_length(own) <= 65536),
    severity   smallint CHECK (severity BETWEEN 1 AND 5),
    disabled   boolean NOT NULL DEFAULT false,
    note       text CHECK (char_length(note) <= 2000),
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, provider, check_id)
);

-- An account that a tenant has connected, so that it can be scanned again without its credentials being
-- given again.
CREATE TABLE providers (
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    id          uuid NOT NULL,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    provider    text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
    -- Null until a scan has seen it.
    account     text CHECK (char_length(account) BETWEEN 1 AND 200),
    -- What is no secret, as JSON: role, external id, endpoint, regions.
    settings    text NOT NULL CHECK (octet_length(settings) <= 65536),
    -- Sealed.
    credentials bytea CHECK (octet_length(credentials) <= 131072),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE scans (
    tenant_id      uuid NOT NULL REFERENCES tenants (id),
    -- UUIDv7: by age.
    id             uuid NOT NULL,
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    -- A JSON object of texts.
    tags           text NOT NULL DEFAULT '{}' CHECK (octet_length(tags) <= 16384),
    -- engine: run here. import: findings of a run elsewhere. manual: findings written by hand.
    source         text NOT NULL CHECK (source IN ('engine', 'import', 'manual')),
    provider       text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
    provider_id    uuid,
    -- Null until it is known.
    account        text CHECK (char_length(account) BETWEEN 1 AND 200),
    -- What is looked at, and how, as JSON; no secret.
    scope          text NOT NULL CHECK (octet_length(scope) <= 262144),
    -- Of provider, account and scope: scans with the same are compared with each other.
    scope_key      uuid NOT NULL,
    parallelism    smallint NOT NULL DEFAULT 1 CHECK (parallelism BETWEEN 1 AND 16),
    -- Sealed, of this scan alone; gone at its end.
    credentials    bytea CHECK (octet_length(credentials) <= 131072),
    -- None for what does not run here.
    job_id         uuid,
    status         text NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
    -- Something of what was asked for was not looked at, or not wholly.
    partial        boolean NOT NULL DEFAULT false,
    failure        text CHECK (char_length(failure) BETWEEN 1 AND 2000),
    -- JSON: phase, services, checks, findings by status and severity.
    progress       text NOT NULL CHECK (octet_length(progress) <= 16384),
    -- `prowler 5.46.0`
    engine         text CHECK (char_length(engine) BETWEEN 1 AND 100),
    -- The scan that its findings are compared with.
    previous_id    uuid,
    -- Rises with whatever a client can see of it.
    version        bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by     text NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at     timestamptz,
    ended_at       timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT scans_end_at_their_end CHECK ((status IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT scans_keep_no_credentials CHECK (ended_at IS NULL OR credentials IS NULL)
) WITH (fillfactor = 70);
CREATE INDEX scans_by_scope ON scans (tenant_id, scope_key, id);

-- One check of one scan.
CREATE TABLE scan_checks (
    tenant_id    uuid NOT NULL,
    scan_id      uuid NOT NULL,
    check_id     text NOT NULL CHECK (char_length(check_id) BETWEEN 1 AND 200),
    service      text NOT NULL CHECK (char_length(service) <= 100),
    severity     smallint NOT NULL CHECK (severity BETWEEN 1 AND 5),
    status       text NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed', 'errored', 'cancelled')),
    started_at   timestamptz,
    duration_ms  integer CHECK (duration_ms >= 0),
    passed       integer NOT NULL DEFAULT 0,
    failed       integer NOT NULL DEFAULT 0,
    manual       integer NOT NULL DEFAULT 0,
    -- Why it came to no verdict.
    error        text CHECK (char_length(error) BETWEEN 1 AND 2000),
    -- Calls to the provider that failed, as JSON: the first ones, and how many.
    calls        text CHECK (octet_length(calls) <= 65536),
    calls_failed integer NOT NULL DEFAULT 0 CHECK (calls_failed >= 0),
    PRIMARY KEY (tenant_id, scan_id, check_id),
    CONSTRAINT scan_checks_err_for_a_reason CHECK ((status = 'errored') = (error IS NOT NULL))
) WITH (fillfactor = 70);

-- What the engine wrote to its standard error, in pieces.
CREATE TABLE scan_logs (
    tenant_id uuid NOT NULL,
    scan_id   uuid NOT NULL,
    n         integer NOT NULL CHECK (n >= 0),
    text      text NOT NULL CHECK (octet_length(text) <= 65536),
    PRIMARY KEY (tenant_id, scan_id, n)
);

-- What all findings of a check have in common: one of them, whole. The others are kept as what differs
-- from it (zstd with it as the dictionary).
CREATE TABLE finding_bases (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    -- The first half of the SHA-256 of form, provider, check and engine version.
    id         uuid NOT NULL,
    provider   text NOT NULL,
    check_id   text NOT NULL,
    service    text NOT NULL,
    title      text NOT NULL,
    -- 1: OCSF. 2: a row of Prowler's CSV, as a JSON object.
    form       smallint NOT NULL CHECK (form IN (1, 2)),
    -- zstd.
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id)
);

-- What findings are of.
CREATE TABLE resources (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    -- The first half of the SHA-256 of provider, account, region and uid.
    id            uuid NOT NULL,
    provider      text NOT NULL,
    account       text NOT NULL,
    uid           text NOT NULL CHECK (octet_length(uid) <= 8192),
    -- By which it was seen first: engines have several for one.
    name          text NOT NULL,
    type          text NOT NULL,
    region        text NOT NULL,
    service       text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    -- The uid's last part, where that is not the name: `sg-1` of `arn:aws:ec2:…:security-group/sg-1`.
    tail          text GENERATED ALWAYS AS (nullif(substring(uid FROM '([^/:*]+)[/:*]*$'), name)) STORED,
    -- By which the indexes have them: names may be longer than a B-tree takes, and an index of the expressions
    -- themselves is not used below row security, as functions of text are not leakproof.
    uid_hash      bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(uid, 0)) STORED,
    name_hash     bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(name, 0)) STORED,
    tail_hash     bigint GENERATED ALWAYS AS (
        hashtextextended(nullif(substring(uid FROM '([^/:*]+)[/:*]*$'), name), 0)) STORED,
    PRIMARY KEY (tenant_id, id)
);

-- By what people and logs call them, within their tenant: many tenants have something called `default`.
CREATE INDEX resources_by_uid ON resources (tenant_id, uid_hash);
CREATE INDEX resources_by_name ON resources (tenant_id, name_hash);
CREATE INDEX resources_by_tail ON resources (tenant_id, tail_hash) WHERE tail_hash IS NOT NULL;

CREATE TABLE findings (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    -- UUIDv7: by when it was kept.
    id            uuid NOT NULL,
    scan_id       uuid NOT NULL,
    base_id       uuid NOT NULL,
    resource_id   uuid NOT NULL,
    -- The first half of the SHA-256 of provider, account and uid: the same in every scan.
    key           uuid NOT NULL,
    -- Findings of one scan whose uids are the same are kept apart: 0, 1, …; by both they are known again.
    ordinal       smallint NOT NULL DEFAULT 0 CHECK (ordinal >= 0),
    -- 1 PASS, 2 FAIL, 3 MANUAL
    status        smallint NOT NULL CHECK (status BETWEEN 1 AND 3),
    -- 1 informational … 5 critical
    severity      smallint NOT NULL CHECK (severity BETWEEN 1 AND 5),
    -- 0 complete, 1 incomplete
    evidence      smallint NOT NULL CHECK (evidence BETWEEN 0 AND 1),
    -- 0 unchanged, 1 new, 2 still failing, 3 resolved, 4 regressed
    delta         smallint NOT NULL CHECK (delta BETWEEN 0 AND 4),
    -- Of finding_triage, as it was when the finding came or was triaged. 0 open, 1 in progress,
    -- 2 accepted, 3 false positive, 4 fixed
    triage        smallint NOT NULL DEFAULT 0 CHECK (triage BETWEEN 0 AND 4),
    -- Infinity: until somebody says otherwise.
    muted_until   timestamptz,
    -- No later scan has looked at the same.
    current       boolean NOT NULL DEFAULT true,
    check_id      text NOT NULL,
    region        text NOT NULL,
    account       text NOT NULL,
    -- Null where it is what Prowler makes of the columns and the resource's name.
    uid           text CHECK (octet_length(uid) <= 8192),
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    -- zstd, with the base as the dictionary.
    body          bytea NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT findings_once_a_scan UNIQUE (tenant_id, scan_id, key, ordinal)
);
-- As they came.
CREATE INDEX findings_by_scan ON findings (tenant_id, scan_id, id);
CREATE INDEX findings_by_severity ON findings (tenant_id, severity, id) WHERE current;
CREATE INDEX findings_by_key ON findings (tenant_id, key, ordinal) WHERE current;
CREATE INDEX findings_by_resource ON findings (tenant_id, resource_id);

-- What people said of a finding, for all scans that find it.
CREATE TABLE finding_triage (
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    key         uuid NOT NULL,
    state       smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    owner       text CHECK (char_length(owner) BETWEEN 1 AND 200),
    note        text CHECK (char_length(note) BETWEEN 1 AND 4000),
    muted_until timestamptz,
    mute_reason text CHECK (char_length(mute_reason) BETWEEN 1 AND 1000),
    version     bigint NOT NULL DEFAULT 1,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by  text NOT NULL,
    PRIMARY KEY (tenant_id, key),
    CONSTRAINT finding_triage_mutes_for_a_reason CHECK ((muted_until IS NULL) = (mute_reason IS NULL))
);

DO $$
DECLARE
    tenant_table text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_reference_table('catalogues');
        FOREACH tenant_table IN ARRAY ARRAY['tenant_checks', 'providers', 'scans', 'scan_checks', 'scan_logs',
            'finding_bases', 'resources', 'findings', 'finding_triage'] LOOP
            PERFORM create_distributed_table(tenant_table, 'tenant_id', colocate_with => 'heads');
        END LOOP;
    END IF;
END $$;
