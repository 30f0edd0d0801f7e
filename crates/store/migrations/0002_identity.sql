-- People, memberships, credentials, and the outbox of our own changes.
-- Who may read and write what stands in access.sql, not here.
-- Every secret is kept as a hash: SHA-256 of 256 random bits, argon2id of what a person chose.

-- A person, whatever tenants they belong to.
CREATE TABLE users (
    -- Random: one that grows with time would tell each tenant since when the account exists.
    id            uuid PRIMARY KEY,
    -- As it is looked up: trimmed, in small letters.
    email         text NOT NULL UNIQUE
        CHECK (char_length(email) BETWEEN 3 AND 254 AND email ~ '^[^@[:space:]A-Z]+@[^@[:space:]A-Z]+$'),
    -- Null until one was set: nobody signs in with it.
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE memberships (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    user_id    uuid NOT NULL REFERENCES users (id),
    role       text NOT NULL CHECK (role IN ('admin', 'auditor', 'user', 'writer', 'operator')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT memberships_operators_run_the_reserved_tenant
        CHECK ((role = 'operator') = (tenant_id = '00000000-0000-7000-8000-000000000000'))
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE invitations (
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    id          uuid NOT NULL,
    email       text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
    role        text NOT NULL CHECK (role IN ('admin', 'auditor', 'user', 'writer', 'operator')),
    -- Null until an operator handed a secret out: nobody accepts it.
    secret_hash bytea UNIQUE CHECK (octet_length(secret_hash) = 32),
    -- The principal.
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > created_at),
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users (id),
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT invitations_accepted_by_somebody CHECK ((accepted_at IS NULL) = (accepted_by IS NULL)),
    CONSTRAINT invitations_end_once CHECK (accepted_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT invitations_operators_run_the_reserved_tenant
        CHECK ((role = 'operator') = (tenant_id = '00000000-0000-7000-8000-000000000000'))
);
-- A new invitation of the same address takes the place of the open one.
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE api_keys (
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    id          uuid NOT NULL,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    -- Public; the row is found by it.
    prefix      text NOT NULL UNIQUE CHECK (prefix ~ '^[a-z2-7]{12}$'),
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    role        text NOT NULL CHECK (role IN ('admin', 'auditor', 'user', 'writer')),
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz CHECK (expires_at > created_at),
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_none_in_the_reserved_tenant
        CHECK (tenant_id <> '00000000-0000-7000-8000-000000000000')
);

-- Ed25519 keys that sign tokens. The private half is sealed by the keys port.
CREATE TABLE signing_keys (
    -- JWK thumbprint (RFC 7638).
    kid            text PRIMARY KEY CHECK (char_length(kid) = 43),
    public_key     bytea NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_seed    bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    -- Signs no more.
    retired_at     timestamptz,
    -- Once retired, verifies until the last token that it signed has expired.
    verifies_until timestamptz NOT NULL
);

-- Tokens that stand by themselves, one row a jti, so that they can be revoked.
CREATE TABLE issued_tokens (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    id         uuid NOT NULL UNIQUE,
    name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    role       text NOT NULL CHECK (role IN ('admin', 'auditor', 'user', 'writer', 'operator')),
    kid        text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT issued_tokens_operators_run_the_reserved_tenant
        CHECK ((role = 'operator') = (tenant_id = '00000000-0000-7000-8000-000000000000'))
);

-- A person's work in one tenant, and the refresh tokens that go on with it. Who switches to another
-- of their tenants ends the one and begins another, so that the two logs share no id.
CREATE TABLE sessions (
    id                uuid PRIMARY KEY,
    -- The sign-in that it goes back to, over every switch: a copied token ends all of it.
    sign_in           uuid NOT NULL,
    user_id           uuid NOT NULL REFERENCES users (id),
    tenant_id         uuid NOT NULL REFERENCES tenants (id),
    -- Began with a one-time secret, and no password was set since.
    must_set_password boolean NOT NULL,
    created_at        timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at          timestamptz,
    end_reason        text CHECK (end_reason IN ('logout', 'reuse', 'password_changed', 'reset', 'switched')),
    CONSTRAINT sessions_end_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_sign_in ON sessions (sign_in);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Each is good once. The used ones are kept while they could still be shown: that is how a stolen
-- one is noticed.
CREATE TABLE refresh_tokens (
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    session_id  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
-- A session has one that is good.
CREATE UNIQUE INDEX refresh_tokens_current ON refresh_tokens (session_id) WHERE used_at IS NULL;

-- Signs in once, instead of a password.
CREATE TABLE one_time_secrets (
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    user_id     uuid NOT NULL REFERENCES users (id),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at     timestamptz
);
CREATE INDEX one_time_secrets_user ON one_time_secrets (user_id);

-- Opens one WebSocket, on whichever server it arrives.
CREATE TABLE tickets (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    secret_hash   bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    -- What it stands for: a session's or a token's id, or a key's id and prefix.
    credential    text NOT NULL CHECK (credential IN ('session', 'issued_token', 'api_key')),
    credential_id uuid NOT NULL,
    key_prefix    text,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, secret_hash),
    CONSTRAINT tickets_of_a_key_name_it CHECK ((credential = 'api_key') = (key_prefix IS NOT NULL))
);
CREATE INDEX tickets_secret ON tickets (secret_hash);

-- What is masked in a tenant's events beyond the defaults; read and checked by ingest.
CREATE TABLE mask_policies (
    tenant_id  uuid PRIMARY KEY REFERENCES tenants (id),
    -- An object. Not jsonb, which refuses \u0000, as json_typeof() does.
    policy     json NOT NULL CHECK (policy::text LIKE '{%'),
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL
);

-- Our own changes on their way into the log: written with the change, deleted once they are
-- entries.
CREATE TABLE audit_outbox (
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    -- The event_id of the entry that it becomes.
    id         uuid NOT NULL,
    created_at timestamptz NOT NULL,
    -- Not jsonb: names that people typed may hold \u0000.
    change     json NOT NULL CHECK (change::text LIKE '{%'),
    PRIMARY KEY (tenant_id, id)
);
