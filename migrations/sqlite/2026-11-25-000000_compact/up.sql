-- The logical schema is the same as migrations/postgres; only storage clauses differ.

-- Codes with the quantity beside them in the same element, NULL where there is none. `nth` tells rows
-- of one code apart. In key order behind a code; quantities without a code are found by a scan.
CREATE TABLE idx_coded (
    param INTEGER NOT NULL, code TEXT NOT NULL, key BIGINT NOT NULL, nth SMALLINT NOT NULL,
    system BIGINT NOT NULL, value DOUBLE, unit BIGINT, unit_system BIGINT,
    PRIMARY KEY (param, code, key, nth)
) WITHOUT ROWID;

-- `body` holds compressed bytes from now on (crates/store/src/body.rs); SQLite's columns take them.

-- A write is named by its key, a request by its bytes.
CREATE TABLE audit_short (
    id INTEGER NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    request BLOB NOT NULL,
    key BIGINT NOT NULL,
    version BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL
);
INSERT INTO audit_short (id, at, actor, request, key, version, deleted)
SELECT audit.id, at, actor, CAST(request AS BLOB), key, audit.version, action = 'delete'
FROM audit JOIN resource ON resource.type_id = audit.type_id AND resource.id = audit.resource_id;
DROP TABLE audit;
ALTER TABLE audit_short RENAME TO audit;
