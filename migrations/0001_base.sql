-- The tables of the control plane. Portable: SQLite and PostgreSQL run this same text.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row. Whoever changes configuration updates it first, which also serialises writers.
CREATE TABLE revision (
    id BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO revision (id, value) VALUES (1, 0);

-- `parent` is the application of an API key, else empty. `search` is what the list's q looks in.
CREATE TABLE resources (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    team TEXT NOT NULL,
    spec TEXT NOT NULL,
    search TEXT NOT NULL,
    parent TEXT NOT NULL,
    origin TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX resources_parent ON resources (kind, parent, id);
CREATE INDEX resources_revision ON resources (kind, revision);

CREATE TABLE resource_history (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    action TEXT NOT NULL,
    team TEXT NOT NULL,
    spec TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (kind, id, version)
);
CREATE INDEX resource_history_revision ON resource_history (revision);

-- Append-only. Each hash covers the row and the hash before it; audit_head holds the newest.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    before_state TEXT NOT NULL,
    after_state TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_object ON audit (kind, id, seq);

CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled BIGINT NOT NULL
);

-- `id` is the SHA-256 of the cookie's value.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

-- `hash` is the SHA-256 of the token; `scopes` are separated by spaces; `maker` is the actor who made it.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    maker TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    seen_at BIGINT
);

-- `id` is caller, method, path and key, hashed. `answer` is sealed: it may hold an API key.
CREATE TABLE idempotency (
    id TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    answer TEXT
);
CREATE INDEX idempotency_age ON idempotency (started_at);

-- The ledger: one row per request, and one per attempt.
CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    at BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    upstream_us BIGINT NOT NULL,
    first_byte_us BIGINT,
    traffic TEXT NOT NULL,
    team TEXT NOT NULL,
    application TEXT NOT NULL,
    key_id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    service TEXT NOT NULL,
    route TEXT NOT NULL,
    dialect TEXT,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    stream BIGINT NOT NULL,
    status BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT NOT NULL,
    input_uncached BIGINT NOT NULL,
    cache_read BIGINT NOT NULL,
    cache_write_5m BIGINT NOT NULL,
    cache_write_1h BIGINT NOT NULL,
    output_text BIGINT NOT NULL,
    reasoning BIGINT NOT NULL,
    audio_in BIGINT NOT NULL,
    audio_out BIGINT NOT NULL,
    image_in BIGINT NOT NULL,
    image_out BIGINT NOT NULL,
    usage_source TEXT NOT NULL,
    cost BIGINT,
    request_bytes BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL,
    dropped TEXT NOT NULL
);
CREATE INDEX requests_at ON requests (at, id);
CREATE INDEX requests_team ON requests (team, at, id);
CREATE INDEX requests_application ON requests (application, at, id);

CREATE TABLE attempts (
    request_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    provider TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    target TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    first_byte_us BIGINT,
    duration_us BIGINT NOT NULL,
    status BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT NOT NULL,
    input_uncached BIGINT NOT NULL,
    cache_read BIGINT NOT NULL,
    cache_write_5m BIGINT NOT NULL,
    cache_write_1h BIGINT NOT NULL,
    output_text BIGINT NOT NULL,
    reasoning BIGINT NOT NULL,
    audio_in BIGINT NOT NULL,
    audio_out BIGINT NOT NULL,
    image_in BIGINT NOT NULL,
    image_out BIGINT NOT NULL,
    usage_source TEXT NOT NULL,
    cost BIGINT,
    price TEXT NOT NULL,
    PRIMARY KEY (request_id, number)
);
