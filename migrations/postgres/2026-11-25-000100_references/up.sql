-- Types whose references must lead somewhere.
CREATE TABLE reference_policy (type_id SMALLINT NOT NULL PRIMARY KEY);
-- Where their references lead, all of them and not only those that a search parameter finds.
-- Empty while the policy is off.
CREATE TABLE reference_held (
    target_type SMALLINT NOT NULL, target TEXT COLLATE "C" NOT NULL, key BIGINT NOT NULL,
    PRIMARY KEY (target_type, target, key)
);
CREATE INDEX reference_held_by_key ON reference_held (key);
