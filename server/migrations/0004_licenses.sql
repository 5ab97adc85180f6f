-- Licenses that are sold: products, their plans, orders that issue license keys, and the keys that
-- sign answers of the license API.

CREATE TABLE products (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    identifier TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Identifier, name and description in lower case, for searches.
    folded TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX products_newest ON products (created_at, id);

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    product_id TEXT NOT NULL REFERENCES products (id),
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    folded TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    -- JSON: what an order of the plan issues.
    licenses TEXT NOT NULL,
    -- JSON: what its key may do in the widget, or null.
    widget TEXT NOT NULL,
    -- JSON object.
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (product_id, identifier)
);
CREATE INDEX plans_newest ON plans (created_at, id);

CREATE TABLE orders (
    -- ORD- and a ULID.
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    customer_id TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    customer_email TEXT NOT NULL,
    -- The order's id and its customer in lower case, for searches.
    folded TEXT NOT NULL,
    -- complete, pending, refunded, cancelled
    status TEXT NOT NULL,
    purchased_at BIGINT NOT NULL,
    license_key_id TEXT UNIQUE REFERENCES license_keys (id),
    -- JSON: the plan as it was when the order was placed.
    terms TEXT NOT NULL,
    -- JSON object.
    metadata TEXT NOT NULL,
    -- What the shop has called the order, so that a call that is made again makes no second one.
    idempotency_key TEXT UNIQUE,
    -- Lower-case hex SHA-256 of what was asked under that name.
    request_hash TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX orders_newest ON orders (created_at, id);
CREATE INDEX orders_of_plan ON orders (plan_id, created_at, id);
CREATE INDEX orders_of_customer ON orders (customer_id, created_at, id);

-- When a license was first activated on a website or device.
ALTER TABLE license_keys ADD COLUMN activated_at BIGINT;
CREATE INDEX license_keys_of_orders ON license_keys (created_at, id) WHERE order_id IS NOT NULL;

-- With which answers of the license API are signed (Ed25519).
CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    -- next, active, retired
    status TEXT NOT NULL,
    -- Base64.
    public_key TEXT NOT NULL,
    secret_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Until when a retired key is published: the last lease that it has signed ends.
    published_until BIGINT
);
CREATE UNIQUE INDEX signing_keys_in_use ON signing_keys (status) WHERE status <> 'retired';

-- Orders of a file that is being read: they become orders together, or not at all.
CREATE TABLE import_lines (
    import_id TEXT NOT NULL,
    line BIGINT NOT NULL,
    order_id TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    customer_email TEXT NOT NULL,
    folded TEXT NOT NULL,
    status TEXT NOT NULL,
    purchased_at BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    -- All null when the order issues no key.
    license_key_id TEXT,
    chatbot_id TEXT,
    key_hash TEXT,
    key_sealed TEXT,
    key_hint TEXT,
    identity_secret_sealed TEXT,
    expires_at BIGINT,
    key_metadata TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (import_id, line)
);
CREATE INDEX import_lines_plans ON import_lines (import_id, plan_id, line);
CREATE INDEX import_lines_age ON import_lines (created_at);
