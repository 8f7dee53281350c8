-- Search parameters that SearchParameter resources define: one row per resource type and form of
-- the definition, with the job that builds or removes its index rows (crates/store/src/custom/).
CREATE TABLE search_param (
    -- `param` of its index rows.
    id INTEGER NOT NULL PRIMARY KEY,
    type_id SMALLINT NOT NULL,
    code TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- waiting, indexing, serving, leaving, removing
    state TEXT NOT NULL,
    -- The row key up to which stored resources are indexed.
    reached BIGINT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    error TEXT,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL
);
CREATE INDEX search_param_by_resource ON search_param (resource_id);

-- One row, in every write's way: whoever wrote index rows by another set of parameters must not.
CREATE TABLE search_generation (value BIGINT NOT NULL PRIMARY KEY);
INSERT INTO search_generation (value) VALUES (1);

-- Who does work that one gateway does for all, until when.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);
INSERT INTO lease (name, holder, until) VALUES ('reindex', '', 0);
