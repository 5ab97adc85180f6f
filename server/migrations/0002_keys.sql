-- License keys that hold: rotation, activations, the usage log, people and their credentials,
-- alerts and webhooks.

-- Tokens of this generation still live until previous_key_until, after a rotation with overlap.
ALTER TABLE license_keys ADD COLUMN previous_generation BIGINT;
-- The nearest number of days before the expiry that has been announced: 30, 7 or 1.
ALTER TABLE license_keys ADD COLUMN expiry_announced BIGINT;
CREATE INDEX license_keys_newest ON license_keys (created_at, id);
CREATE INDEX license_keys_expiring ON license_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX license_keys_rotating ON license_keys (previous_key_until)
    WHERE previous_key_until IS NOT NULL;

-- One row. Whoever changes a key or a setting takes the next number first, so that numbers become
-- visible in their order: whoever has seen n has seen all before it.
CREATE TABLE change_counter (
    id BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO change_counter (id, value) VALUES (1, 0);

-- What has changed lately; read by every server to forget what it remembers.
CREATE TABLE changes (
    number BIGINT PRIMARY KEY,
    -- license_key, webhooks, settings
    kind TEXT NOT NULL,
    -- The license key's id.
    subject TEXT NOT NULL,
    -- The license key's version; the greatest number when it was deleted.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A website or a device that uses a license key.
CREATE TABLE activations (
    id TEXT PRIMARY KEY,
    license_key_id TEXT NOT NULL REFERENCES license_keys (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- The website's host; null for a device.
    host TEXT,
    fingerprint TEXT,
    -- active, pending
    status TEXT NOT NULL,
    -- The key's generation under which it was last seen.
    generation BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX activations_by_host ON activations (license_key_id, host) WHERE host IS NOT NULL;
CREATE UNIQUE INDEX activations_by_fingerprint ON activations (license_key_id, fingerprint)
    WHERE fingerprint IS NOT NULL;
CREATE INDEX activations_newest ON activations (license_key_id, created_at, id);

-- A person behind a session: what they said of themselves, or what their site has proved.
CREATE TABLE visitors (
    owner TEXT NOT NULL,
    session_id TEXT NOT NULL,
    -- Null for somebody unproved.
    user_id TEXT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- JSON: the fields of the form before the chat, and what a signed token holds.
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (owner, session_id)
);
CREATE INDEX visitors_age ON visitors (updated_at);

-- One row per query, written with its answer; refused requests too.
CREATE TABLE usage_log (
    id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    -- When the row was written: what the roll-up goes by.
    logged_at BIGINT NOT NULL,
    -- The license key's id, or 'static' for WIDGET_API_KEY.
    owner TEXT NOT NULL,
    conversation_id TEXT,
    question TEXT NOT NULL,
    -- ok, failed, stopped, refused
    status TEXT NOT NULL,
    code TEXT,
    -- How many requests the row stands for: more than one only for refusals past 60 a minute.
    count BIGINT NOT NULL,
    response_time_ms BIGINT,
    first_token_ms BIGINT,
    -- The buckets of both times; see usage/buckets.rs.
    response_bucket BIGINT,
    first_token_bucket BIGINT,
    ip_address TEXT NOT NULL,
    referrer TEXT NOT NULL,
    -- The referrer without query and fragment.
    page TEXT NOT NULL,
    domain TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    agent_id TEXT,
    data_source_id TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    user_id TEXT
);
CREATE INDEX usage_newest ON usage_log (owner, created_at, id);
-- Most rows are ok, and found fast enough without.
CREATE INDEX usage_not_ok ON usage_log (owner, status, created_at, id) WHERE status <> 'ok';
CREATE INDEX usage_unrolled ON usage_log (logged_at);
CREATE INDEX usage_age ON usage_log (created_at);

-- Sums of the usage log by hour and by day, made in the background; what analytics read.
CREATE TABLE usage_counts (
    -- The license key's id, 'static', or '' for all together.
    owner TEXT NOT NULL,
    -- hour, day
    grain TEXT NOT NULL,
    -- The period's first millisecond.
    period BIGINT NOT NULL,
    -- status, rows, refusal, domain, page, response, first_token
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (owner, grain, kind, period, name)
);
CREATE INDEX usage_counts_age ON usage_counts (grain, period);

-- People who sign in to the dashboard.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    -- The address in lower case.
    folded_email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- admin, viewer
    role TEXT NOT NULL,
    -- Argon2id in PHC form.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_signed_in_at BIGINT
);

-- A browser that is signed in.
CREATE TABLE sign_ins (
    -- Lower-case hex SHA-256 of the cookie.
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_user ON sign_ins (user_id);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    -- JSON array of admin, read, licenses.
    scopes TEXT NOT NULL,
    -- Lower-case hex SHA-256 of the key.
    key_hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    last_four TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT
);

-- Who changed what.
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    -- user, api_key, static_key, cli, setup, system
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    -- JSON: field to [old, new].
    changes TEXT NOT NULL,
    ip_address TEXT NOT NULL
);
CREATE INDEX audit_newest ON audit_log (created_at, id);

-- Settings that an admin has made in the dashboard; the environment wins over them.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    -- JSON.
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What has happened and must be told: written with what happened, told in the background.
CREATE TABLE events (
    -- evt_ and a ULID.
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    license_key_id TEXT,
    -- JSON.
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    told BOOLEAN NOT NULL
);
CREATE INDEX events_untold ON events (created_at) WHERE told = FALSE;
CREATE INDEX events_age ON events (created_at);

-- The dashboard's bell.
CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    license_key_id TEXT,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notifications_newest ON notifications (created_at, id);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- JSON array of event types.
    events TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    secret_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- An event on its way to one receiver: a webhook, or an address for mail.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    webhook_id TEXT REFERENCES webhooks (id) ON DELETE CASCADE,
    email TEXT,
    -- pending, delivered, failed
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_newest ON deliveries (webhook_id, created_at, id);

-- What hangs on a row is found when the row goes.
CREATE INDEX turns_of ON turns (conversation_id);
CREATE INDEX deliveries_of ON deliveries (event_id);

-- Ratings are few; analytics look for them by time.
CREATE INDEX messages_rated ON messages (created_at) WHERE rating IS NOT NULL;
ALTER TABLE conversations ADD COLUMN user_id TEXT;
