-- What answers.
CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    is_default BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    instructions TEXT NOT NULL,
    -- builtin, openai, anthropic
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    -- The key for the model server, sealed; or the environment variable that holds it.
    api_key_sealed TEXT,
    api_key_env TEXT,
    temperature DOUBLE PRECISION,
    max_output_tokens BIGINT,
    history_messages BIGINT NOT NULL,
    -- JSON array of ids.
    data_source_ids TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    fallback_message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX agents_default ON agents (is_default) WHERE is_default;
CREATE INDEX license_keys_by_agent ON license_keys (agent_id) WHERE agent_id IS NOT NULL;
