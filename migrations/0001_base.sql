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

-- Append-only. Each hash covers the row and the hash before it; audit_head holds the newest. `actor` is the name
-- for people, `actor_id` whose it was.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT NOT NULL DEFAULT '',
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

-- `id` is the caller's id, method, path and key, hashed. `answer` is sealed: it may hold an API key.
CREATE TABLE idempotency (
    id TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    answer TEXT
);
CREATE INDEX idempotency_age ON idempotency (started_at);

-- The ledger: one row per request, and one per attempt. `units` is JSON, empty where only tokens were consumed; it is
-- not summed.
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
    asked_model TEXT NOT NULL,
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
    cache_read_audio BIGINT NOT NULL,
    cache_read_image BIGINT NOT NULL,
    video_in BIGINT NOT NULL,
    usage_source TEXT NOT NULL,
    units TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    region TEXT NOT NULL,
    cost BIGINT,
    cache TEXT,
    saved BIGINT,
    request_bytes BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL,
    dropped TEXT NOT NULL
);
-- The only other index: each one is paid for at every request, and one that is not in the order of time
-- costs a third of the whole insert.
CREATE INDEX requests_at ON requests (at, id);

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
    cache_read_audio BIGINT NOT NULL,
    cache_read_image BIGINT NOT NULL,
    video_in BIGINT NOT NULL,
    usage_source TEXT NOT NULL,
    units TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    region TEXT NOT NULL,
    cost BIGINT,
    price TEXT NOT NULL,
    aborted TEXT,
    shadow BIGINT NOT NULL,
    same_answer BIGINT,
    PRIMARY KEY (request_id, number)
);

-- Records that the ledger refused for what they are: set aside whole, as JSON, so that they hold up no others.
-- `digest` is the SHA-256 of `record`.
CREATE TABLE dead_letters (
    digest TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    record TEXT NOT NULL
);

-- What requests and their answers held, where their team wants that kept; `content` is JSON, redacted before it came here.
-- A row without content says that it was erased: what is still on its way must not come back.
CREATE TABLE bodies (
    request_id TEXT PRIMARY KEY,
    team TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    size BIGINT NOT NULL,
    content TEXT
);
CREATE INDEX bodies_team ON bodies (team, at, size);
CREATE INDEX bodies_expires_at ON bodies (expires_at);
-- Up to which moment all bodies of a team were erased, for the same reason.
CREATE TABLE erased_bodies (
    team TEXT PRIMARY KEY,
    before BIGINT NOT NULL
);

-- Sums of `requests` by hour and by what usage reports group and filter by, written in the same transaction.
-- `hour` is its begin. `d00` to `d89` count durations by length: the buckets of store/histogram.rs.
CREATE TABLE usage_hours (
    hour BIGINT NOT NULL,
    team TEXT NOT NULL,
    application TEXT NOT NULL,
    key_id TEXT NOT NULL,
    traffic TEXT NOT NULL,
    service TEXT NOT NULL,
    route TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    status BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    requests BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    cost BIGINT NOT NULL,
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
    cache_read_audio BIGINT NOT NULL,
    cache_read_image BIGINT NOT NULL,
    video_in BIGINT NOT NULL,
    d00 BIGINT NOT NULL, d01 BIGINT NOT NULL, d02 BIGINT NOT NULL, d03 BIGINT NOT NULL,
    d04 BIGINT NOT NULL, d05 BIGINT NOT NULL, d06 BIGINT NOT NULL, d07 BIGINT NOT NULL,
    d08 BIGINT NOT NULL, d09 BIGINT NOT NULL, d10 BIGINT NOT NULL, d11 BIGINT NOT NULL,
    d12 BIGINT NOT NULL, d13 BIGINT NOT NULL, d14 BIGINT NOT NULL, d15 BIGINT NOT NULL,
    d16 BIGINT NOT NULL, d17 BIGINT NOT NULL, d18 BIGINT NOT NULL, d19 BIGINT NOT NULL,
    d20 BIGINT NOT NULL, d21 BIGINT NOT NULL, d22 BIGINT NOT NULL, d23 BIGINT NOT NULL,
    d24 BIGINT NOT NULL, d25 BIGINT NOT NULL, d26 BIGINT NOT NULL, d27 BIGINT NOT NULL,
    d28 BIGINT NOT NULL, d29 BIGINT NOT NULL, d30 BIGINT NOT NULL, d31 BIGINT NOT NULL,
    d32 BIGINT NOT NULL, d33 BIGINT NOT NULL, d34 BIGINT NOT NULL, d35 BIGINT NOT NULL,
    d36 BIGINT NOT NULL, d37 BIGINT NOT NULL, d38 BIGINT NOT NULL, d39 BIGINT NOT NULL,
    d40 BIGINT NOT NULL, d41 BIGINT NOT NULL, d42 BIGINT NOT NULL, d43 BIGINT NOT NULL,
    d44 BIGINT NOT NULL, d45 BIGINT NOT NULL, d46 BIGINT NOT NULL, d47 BIGINT NOT NULL,
    d48 BIGINT NOT NULL, d49 BIGINT NOT NULL, d50 BIGINT NOT NULL, d51 BIGINT NOT NULL,
    d52 BIGINT NOT NULL, d53 BIGINT NOT NULL, d54 BIGINT NOT NULL, d55 BIGINT NOT NULL,
    d56 BIGINT NOT NULL, d57 BIGINT NOT NULL, d58 BIGINT NOT NULL, d59 BIGINT NOT NULL,
    d60 BIGINT NOT NULL, d61 BIGINT NOT NULL, d62 BIGINT NOT NULL, d63 BIGINT NOT NULL,
    d64 BIGINT NOT NULL, d65 BIGINT NOT NULL, d66 BIGINT NOT NULL, d67 BIGINT NOT NULL,
    d68 BIGINT NOT NULL, d69 BIGINT NOT NULL, d70 BIGINT NOT NULL, d71 BIGINT NOT NULL,
    d72 BIGINT NOT NULL, d73 BIGINT NOT NULL, d74 BIGINT NOT NULL, d75 BIGINT NOT NULL,
    d76 BIGINT NOT NULL, d77 BIGINT NOT NULL, d78 BIGINT NOT NULL, d79 BIGINT NOT NULL,
    d80 BIGINT NOT NULL, d81 BIGINT NOT NULL, d82 BIGINT NOT NULL, d83 BIGINT NOT NULL,
    d84 BIGINT NOT NULL, d85 BIGINT NOT NULL, d86 BIGINT NOT NULL, d87 BIGINT NOT NULL,
    d88 BIGINT NOT NULL, d89 BIGINT NOT NULL,
    PRIMARY KEY (hour, team, application, key_id, traffic, service, route, model, provider, status, outcome)
);
