-- What Consents that are in force say, as flat rules (crates/fhir/src/consent/): a row for each
-- combination of a provision's alternatives. NULL is anything. Made with the Consent, in its transaction.
CREATE TABLE consent_rule (
    consent TEXT NOT NULL,
    nth SMALLINT NOT NULL,
    -- The provision, and the one that it is an exception to, or -1.
    node SMALLINT NOT NULL,
    parent SMALLINT NOT NULL,
    permits BOOLEAN NOT NULL,
    patient TEXT NOT NULL,
    -- When it is in force, inclusive microseconds.
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    -- The recipient must be all of these.
    actor TEXT,
    actor_2 TEXT,
    actor_3 TEXT,
    purpose TEXT,
    class SMALLINT,
    code TEXT,
    code_system BIGINT,
    -- One resource of the class.
    data TEXT,
    label TEXT,
    label_system BIGINT,
    -- Clinical dates, inclusive microseconds.
    low BIGINT,
    high BIGINT,
    PRIMARY KEY (consent, nth)
);
CREATE INDEX consent_rule_by_patient ON consent_rule (patient);

-- The organisation that a client is of, such as Organization/x.
ALTER TABLE client ADD COLUMN organization TEXT;
