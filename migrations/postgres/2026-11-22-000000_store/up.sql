-- The logical schema is the same as migrations/sqlite; only storage clauses differ.

-- Current versions. key = type_id << 44 | sequence: one type is one contiguous range of keys.
CREATE TABLE resource (
    key BIGINT NOT NULL PRIMARY KEY,
    type_id SMALLINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX resource_by_id ON resource (type_id, id);
CREATE INDEX resource_by_updated ON resource (type_id, updated, key);

-- Versions that were replaced, append-only; the current one is in `resource` alone.
CREATE TABLE resource_history (
    key BIGINT NOT NULL,
    version BIGINT NOT NULL,
    type_id SMALLINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    updated BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (key, version)
);
CREATE INDEX resource_history_by_updated ON resource_history (type_id, updated);

-- Index families: one B-tree over all columns each, so that searches read the index alone.
-- Text is compared by bytes (COLLATE "C"): cheaper, and prefixes are ranges.
-- The key stands as early as it can, so that "does this resource match" is one seek too.
CREATE TABLE idx_token (
    param INT NOT NULL, code TEXT COLLATE "C" NOT NULL, key BIGINT NOT NULL, system BIGINT NOT NULL
);
CREATE INDEX idx_token_tree ON idx_token (param, code, key, system);
-- target_type is -1 where the target is not a resource here.
CREATE TABLE idx_reference (
    param INT NOT NULL, target TEXT COLLATE "C" NOT NULL, key BIGINT NOT NULL, target_type SMALLINT NOT NULL
);
CREATE INDEX idx_reference_tree ON idx_reference (param, target, key, target_type);
CREATE TABLE idx_date (
    param INT NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL, key BIGINT NOT NULL
);
CREATE INDEX idx_date_tree ON idx_date (param, low, high, key);
-- For sorting and testing by date among resources found otherwise.
CREATE INDEX idx_date_by_key ON idx_date (param, key, low, high);
-- exact is '' where it equals norm.
CREATE TABLE idx_string (
    param INT NOT NULL, norm TEXT COLLATE "C" NOT NULL, exact TEXT COLLATE "C" NOT NULL, key BIGINT NOT NULL
);
CREATE INDEX idx_string_tree ON idx_string (param, norm, exact, key);
CREATE TABLE idx_number (
    param INT NOT NULL, key BIGINT NOT NULL, low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL
);
CREATE INDEX idx_number_tree ON idx_number (param, key, low, high);
CREATE TABLE idx_quantity (
    param INT NOT NULL, key BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL, code BIGINT NOT NULL, system BIGINT NOT NULL
);
CREATE INDEX idx_quantity_tree ON idx_quantity (param, key, value, code, system);

-- Messages as they came, whatever became of them.
CREATE TABLE inbox (
    id TEXT NOT NULL PRIMARY KEY,
    received BIGINT NOT NULL,
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    control_id TEXT NOT NULL,
    envelope TEXT,
    event TEXT NOT NULL,
    hash TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ack_code TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw BYTEA NOT NULL,
    response BYTEA
);
CREATE INDEX inbox_by_control ON inbox (sender, control_id);
CREATE INDEX inbox_by_envelope ON inbox (envelope);
CREATE INDEX inbox_by_received ON inbox (received);

-- What the messages said: stays and patients are folds of these.
CREATE TABLE event (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inbox TEXT NOT NULL,
    stay TEXT,
    prior_stay TEXT,
    patient TEXT NOT NULL,
    merged TEXT,
    occurred BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    business_key TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
);
CREATE INDEX event_by_inbox ON event (inbox);
CREATE INDEX event_by_stay ON event (stay);
CREATE INDEX event_by_prior_stay ON event (prior_stay);
CREATE INDEX event_by_patient ON event (patient);
CREATE INDEX event_by_merged ON event (merged);

CREATE TABLE client (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    secret_hash TEXT,
    jwks TEXT,
    jwks_url TEXT,
    created BIGINT NOT NULL,
    disabled BIGINT
);
-- Assertion ids that were used, until they expire.
CREATE TABLE jti (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX jti_by_expires ON jti (expires);
CREATE TABLE sender (
    name TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    facility TEXT NOT NULL,
    config TEXT NOT NULL,
    created BIGINT NOT NULL,
    disabled BIGINT,
    UNIQUE (application, facility)
);
CREATE TABLE signing_key (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    private TEXT NOT NULL,
    created BIGINT NOT NULL,
    retired BIGINT
);
-- How far `baton import` got in each file, in entries or lines.
CREATE TABLE import_file (
    path TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    done BIGINT NOT NULL,
    updated BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    action TEXT NOT NULL,
    type_id SMALLINT NOT NULL,
    resource_id TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
-- Each process takes a block of numbers at a time (crates/store/src/keys.rs).
CREATE SEQUENCE resource_sequence INCREMENT BY 4096 MINVALUE 4096;
