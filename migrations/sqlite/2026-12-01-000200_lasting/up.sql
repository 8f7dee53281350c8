-- The logical schema is the same as migrations/postgres; only storage clauses differ.

-- Codes of two parameters that have met in some resource, ever: where two have not, no search needs to
-- look for both (crates/fhir/data/met.tsv).
CREATE TABLE idx_met (
    param INTEGER NOT NULL, code TEXT NOT NULL, other INTEGER NOT NULL, other_code TEXT NOT NULL,
    PRIMARY KEY (param, code, other, other_code)
) WITHOUT ROWID;

-- Texts that some resource has, or had, each once: what asks for a part of a text looks through these, which are
-- far fewer than who has them.
CREATE TABLE idx_norm (param INTEGER NOT NULL, norm TEXT NOT NULL, PRIMARY KEY (param, norm)) WITHOUT ROWID;
