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

-- What agents draw on. The one with the id "guide" has the user guide's passages, which are in the
-- program; those of all others are in `passages`.
CREATE TABLE data_sources (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    -- documents, database
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    -- JSON, of a database.
    settings TEXT NOT NULL,
    -- Where the database is, sealed.
    connection_sealed TEXT,
    -- Grows with every change of the documents: what is searched is built anew then.
    content_version BIGINT NOT NULL,
    documents BIGINT NOT NULL,
    passages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    last_indexed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX license_keys_by_data_source ON license_keys (data_source_id)
    WHERE data_source_id IS NOT NULL;

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    data_source_id TEXT NOT NULL REFERENCES data_sources (id) ON DELETE CASCADE,
    -- upload, text, questions, page
    origin TEXT NOT NULL,
    -- What a document with the same one replaces: a file's name, or a page's address.
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Where it can be read.
    url TEXT,
    -- The sitemap that it was found by.
    sitemap TEXT,
    markdown TEXT NOT NULL,
    characters BIGINT NOT NULL,
    passages BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX documents_by_name ON documents (data_source_id, name);
CREATE INDEX documents_by_time ON documents (data_source_id, created_at, id);

CREATE TABLE passages (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    data_source_id TEXT NOT NULL,
    page TEXT NOT NULL,
    heading TEXT NOT NULL,
    url TEXT,
    -- The language that it is searched in; empty = none that is known.
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (document_id, number)
);
CREATE INDEX passages_by_source ON passages (data_source_id, document_id, number);

-- Pages that are fetched one by one, by whichever server holds the lease.
CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    data_source_id TEXT NOT NULL REFERENCES data_sources (id) ON DELETE CASCADE,
    sitemap TEXT,
    max_pages BIGINT NOT NULL,
    -- running, done, failed, stopped
    status TEXT NOT NULL,
    -- Whether the sitemap has been read.
    is_listed BOOLEAN NOT NULL,
    -- Whether what was read lists all of its pages.
    is_whole BOOLEAN NOT NULL,
    error TEXT,
    node TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX imports_by_source ON imports (data_source_id, created_at, id);
CREATE INDEX imports_running ON imports (lease_until) WHERE status = 'running';

CREATE TABLE import_pages (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    url TEXT NOT NULL,
    -- waiting, done, unchanged, failed
    status TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (import_id, number)
);
CREATE INDEX import_pages_waiting ON import_pages (import_id, number) WHERE status = 'waiting';
