-- Schedules: jobs that are asked for by the clock; and how the installation was when its health was
-- looked at last. Who may read and write what stands in access.sql, not here.

CREATE TABLE schedules (
    -- The installation's own belong to the reserved tenant.
    tenant_id       uuid NOT NULL REFERENCES tenants (id),
    name            text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_.-]{0,59}$'),
    -- Of the job, as in jobs.
    kind            text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_.]{0,59}$'),
    payload         text NOT NULL CHECK (octet_length(payload) <= 262144),
    payload_version smallint NOT NULL CHECK (payload_version >= 1),
    priority        smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),
    -- Five fields, or six with seconds first. Not checked here: what cannot be read is shown as a failure.
    cron            text NOT NULL CHECK (char_length(cron) BETWEEN 1 AND 200),
    -- A name of the IANA database.
    time_zone       text NOT NULL DEFAULT 'UTC' CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    -- Each job runs up to so much later, by chance.
    jitter_seconds  integer NOT NULL DEFAULT 0 CHECK (jitter_seconds BETWEEN 0 AND 86400),
    -- One job in each tenant, the suspended ones too.
    each_tenant     boolean NOT NULL DEFAULT false,
    -- What becomes of a firing whose last job has not ended.
    if_running      text NOT NULL DEFAULT 'skip' CHECK (if_running IN ('skip', 'wait')),
    -- A person's word; the program leaves it as it is.
    enabled         boolean NOT NULL DEFAULT true,
    -- The version of the program whose own it is: written when that starts, and retired when it has it no
    -- more. An older one leaves both as they are.
    declared_by     text CHECK (char_length(declared_by) BETWEEN 1 AND 100),
    retired_at      timestamptz,
    -- Null until it was made out from the cron and the zone, which is done at once where they are good.
    next_at         timestamptz,
    last_due_at     timestamptz,
    last_fired_at   timestamptz,
    -- Jobs.
    fired           bigint NOT NULL DEFAULT 0,
    skipped         bigint NOT NULL DEFAULT 0,
    -- Why the last firing came to nothing.
    failure         text CHECK (char_length(failure) BETWEEN 1 AND 500),
    failed_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT schedules_of_each_tenant_are_the_installation_s
        CHECK (NOT each_tenant OR tenant_id = '00000000-0000-7000-8000-000000000000'),
    CONSTRAINT schedules_failed_for_a_reason CHECK ((failure IS NULL) = (failed_at IS NULL))
);
CREATE INDEX schedules_due ON schedules (next_at) WHERE enabled AND retired_at IS NULL;

-- The due times that were fired, for as long as a clock may be set back: none is fired twice.
CREATE TABLE schedule_firings (
    tenant_id uuid NOT NULL,
    name      text NOT NULL,
    due_at    timestamptz NOT NULL,
    fired_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, name, due_at),
    FOREIGN KEY (tenant_id, name) REFERENCES schedules ON DELETE CASCADE
);
CREATE INDEX schedule_firings_old ON schedule_firings (due_at);

-- How each part was when it was looked at last: a change from well to unwell is told once.
CREATE TABLE health_checks (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    is_well   boolean NOT NULL,
    since     timestamptz NOT NULL DEFAULT clock_timestamp(),
    detail    text NOT NULL CHECK (char_length(detail) <= 500),
    PRIMARY KEY (tenant_id, name)
);
