-- The logical schema is the same as migrations/sqlite; only storage clauses differ.

-- Codes of two parameters that have met in some resource, ever: where two have not, no search needs to
-- look for both (crates/fhir/data/met.tsv).
-- Not unique: who notes the same at once would wait for each other's end, and in circles.
CREATE TABLE idx_met (
    param INT NOT NULL, code TEXT COLLATE "C" NOT NULL, other INT NOT NULL, other_code TEXT COLLATE "C" NOT NULL
);
CREATE INDEX idx_met_tree ON idx_met (param, code, other, other_code);

-- Texts that some resource has, or had, each once: what asks for a part of a text looks through these, which are
-- far fewer than who has them.
CREATE TABLE idx_norm (param INT NOT NULL, norm TEXT COLLATE "C" NOT NULL);
CREATE INDEX idx_norm_tree ON idx_norm (param, norm);

-- The functions over the index tables are installed at start (crates/store/src/write_sql/functions.rs); those that
-- do not note this must not be called any more.
DO $$
DECLARE old REGPROCEDURE;
BEGIN
    FOR old IN SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        AND proname IN ('baton_write', 'baton_unindex', 'baton_index')
    LOOP
        EXECUTE 'DROP FUNCTION ' || old;
    END LOOP;
END $$;
