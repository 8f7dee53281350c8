-- The logical schema is the same as migrations/postgres; only storage clauses differ.

-- Current versions. key = type_id << 44 | sequence: one type is one contiguous range of keys.
CREATE TABLE resource (
    key INTEGER NOT NULL PRIMARY KEY,
    type_id SMALLINT NOT NULL,
    id TEXT NOT NULL,
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
    id TEXT NOT NULL,
    updated BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (key, version)
);
CREATE INDEX resource_history_by_updated ON resource_history (type_id, updated);

-- Index families: narrow B-trees that are their own table.
-- The key stands as early as it can, so that "does this resource match" is one seek too.
CREATE TABLE idx_token (
    param INTEGER NOT NULL, code TEXT NOT NULL, key BIGINT NOT NULL, system BIGINT NOT NULL,
    PRIMARY KEY (param, code, key, system)
) WITHOUT ROWID;
-- target_type is -1 where the target is not a resource here.
CREATE TABLE idx_reference (
    param INTEGER NOT NULL, target TEXT NOT NULL, key BIGINT NOT NULL, target_type SMALLINT NOT NULL,
    PRIMARY KEY (param, target, key, target_type)
) WITHOUT ROWID;
CREATE TABLE idx_date (
    param INTEGER NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL, key BIGINT NOT NULL,
    PRIMARY KEY (param, low, high, key)
) WITHOUT ROWID;
-- For sorting and testing by date among resources found otherwise.
CREATE INDEX idx_date_by_key ON idx_date (param, key, low, high);
-- exact is '' where it equals norm.
CREATE TABLE idx_string (
    param INTEGER NOT NULL, norm TEXT NOT NULL, exact TEXT NOT NULL, key BIGINT NOT NULL,
    PRIMARY KEY (param, norm, exact, key)
) WITHOUT ROWID;
CREATE TABLE idx_number (
    param INTEGER NOT NULL, key BIGINT NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL,
    PRIMARY KEY (param, key, low, high)
) WITHOUT ROWID;
CREATE TABLE idx_quantity (
    param INTEGER NOT NULL, key BIGINT NOT NULL, value DOUBLE NOT NULL, code BIGINT NOT NULL, system BIGINT NOT NULL,
    PRIMARY KEY (param, key, value, code, system)
) WITHOUT ROWID;

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
    raw BLOB NOT NULL,
    response BLOB
);
CREATE INDEX inbox_by_control ON inbox (sender, control_id);
CREATE INDEX inbox_by_envelope ON inbox (envelope);
CREATE INDEX inbox_by_received ON inbox (received);

-- What the messages said: stays and patients are folds of these.
CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY,
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
    id INTEGER NOT NULL PRIMARY KEY,
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
) WITHOUT ROWID;
-- The last sequence number handed to a process.
INSERT INTO setting (name, value) VALUES ('sequence', '0');
