-- The installation itself, and the tenants that everything else belongs to.
-- Who may read and write what stands in access.sql, not here.

CREATE TABLE installation (
    -- One row for ever.
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- First part of every log's origin: fixed, because signed checkpoints name it. No space and no
    -- plus sign (C2SP signed notes, key names).
    log_name      text NOT NULL CHECK (log_name ~ '^[^[:space:]+]{1,200}$'),
    -- Roles belong to the whole server, so they carry the name that this database had at first
    -- (what is neither a small letter, a digit, _ nor - has become _).
    role_prefix   text NOT NULL CHECK (role_prefix ~ '^[a-z0-9_-]{1,56}$'),
    -- Of the access.sql that is in force.
    access_sha256 bytea CHECK (octet_length(access_sha256) = 32),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The roles' passwords, sealed by the keys port; the owner alone can read the table.
CREATE TABLE role_credentials (
    role       text PRIMARY KEY CHECK (role IN ('app', 'writer', 'system', 'reaper')),
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Secrets that all servers of the installation share, sealed by the keys port; the owner alone can
-- read the table.
CREATE TABLE installation_secrets (
    purpose    text PRIMARY KEY CHECK (purpose IN ('cursors')),
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE tenants (
    id         uuid PRIMARY KEY,
    -- What people type and URLs show; safe as a part of a host or file name.
    name       text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    title      text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The reserved tenant has its name and its id, and nobody else has either.
    CONSTRAINT tenants_reserved
        CHECK ((name = 'custody') = (id = '00000000-0000-7000-8000-000000000000'))
);

-- The log of what has no tenant of its own: operators' doings, failed sign-ins of unknown people.
INSERT INTO tenants (id, name, title)
VALUES ('00000000-0000-7000-8000-000000000000', 'custody', 'Custody');
