-- What a row tells beside the write (crates/store/src/audit/detail.rs): whose patient's it is, who
-- asked from where and why; or a block of reads and refusals, which are no writes.
ALTER TABLE audit ADD COLUMN detail BYTEA;
CREATE INDEX audit_at ON audit (at);

-- The chain: each seal covers the rows up to `last_id` behind its predecessor's, by their hashes.
CREATE TABLE audit_seal (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    -- Four bytes of each row's hash, to tell which row it was.
    marks BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
INSERT INTO lease (name, holder, until) VALUES ('audit', '', 0);
