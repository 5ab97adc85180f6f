-- One text for SQLite and PostgreSQL. Ids are TEXT made by the server (ULID), times BIGINT
-- milliseconds since 1970 UTC, flags BOOLEAN, JSON in TEXT.

-- Facts about this installation, such as the fingerprint of its master key.
CREATE TABLE installation (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE license_keys (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    -- Grows when the key's tokens must die: regenerated, switched off, deactivated.
    generation BIGINT NOT NULL,
    chatbot_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- The name and description, lower-cased by Unicode's rules, for searching.
    folded TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Lower-case hex SHA-256 of the canonical 16 characters.
    key_hash TEXT NOT NULL UNIQUE,
    key_sealed TEXT,
    key_hint TEXT NOT NULL,
    retrievable BOOLEAN NOT NULL,
    previous_key_hash TEXT UNIQUE,
    previous_key_until BIGINT,
    is_active BOOLEAN NOT NULL,
    deactivated_at BIGINT,
    agent_id TEXT,
    data_source_id TEXT,
    -- none, websites, ip_addresses
    restriction TEXT NOT NULL,
    websites TEXT NOT NULL,
    ip_addresses TEXT NOT NULL,
    monthly_usage_limit BIGINT,
    rate_limit_per_minute BIGINT,
    expires_at BIGINT,
    grace_days BIGINT NOT NULL,
    activation_limit BIGINT,
    activation_usage BIGINT NOT NULL,
    auto_activate_hosts BOOLEAN NOT NULL,
    -- off, optional, required
    identity_mode TEXT NOT NULL,
    identity_secret_sealed TEXT,
    previous_identity_secret_sealed TEXT,
    previous_identity_secret_until BIGINT,
    ui TEXT NOT NULL,
    metadata TEXT NOT NULL,
    order_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT
);

-- One counter per key and calendar month (UTC): a new month is a new row, nothing runs at midnight.
CREATE TABLE license_key_months (
    license_key_id TEXT NOT NULL REFERENCES license_keys (id) ON DELETE CASCADE,
    -- Year * 100 + month, such as 202607.
    month BIGINT NOT NULL,
    used BIGINT NOT NULL,
    notified_80 BOOLEAN NOT NULL DEFAULT FALSE,
    notified_100 BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (license_key_id, month)
);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    -- The license key's id, or 'static' for WIDGET_API_KEY.
    owner TEXT NOT NULL,
    license_key_id TEXT,
    session_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    -- The turn whose answer is being written: at most one at a time.
    running_turn_id TEXT,
    message_count BIGINT NOT NULL,
    visitor_message_count BIGINT NOT NULL,
    last_message TEXT NOT NULL,
    folded TEXT NOT NULL,
    page_url TEXT NOT NULL,
    page_title TEXT NOT NULL,
    page_referrer TEXT NOT NULL,
    metadata TEXT NOT NULL
);
-- A session has one open conversation.
CREATE UNIQUE INDEX conversations_open ON conversations (owner, session_id) WHERE closed_at IS NULL;
CREATE INDEX conversations_newest ON conversations (updated_at, id);
CREATE INDEX conversations_by_key ON conversations (license_key_id, updated_at, id);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- From 1, growing within the conversation: what "oldest first" means.
    position BIGINT NOT NULL,
    -- user, assistant
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    -- complete, stopped, failed; superseded: a failed part that a retry has replaced
    status TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    client_message_id TEXT,
    sources TEXT NOT NULL,
    -- up, down
    rating TEXT,
    comment TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_in_order ON messages (conversation_id, position);

-- One row per query: what the quota counts.
CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    license_key_id TEXT,
    -- The month it was counted in; it is given back to that month.
    month BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    client_message_id TEXT,
    user_message_id TEXT NOT NULL,
    answer_message_id TEXT NOT NULL,
    -- running, done, stopped, failed
    status TEXT NOT NULL,
    -- The code of the failure.
    code TEXT,
    node TEXT NOT NULL,
    -- A running turn past this time was left by a crash.
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    first_token_at BIGINT,
    finished_at BIGINT,
    finish_reason TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT
);
CREATE INDEX turns_by_client_message ON turns (owner, session_id, client_message_id, created_at)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX turns_running ON turns (lease_until) WHERE status = 'running';
