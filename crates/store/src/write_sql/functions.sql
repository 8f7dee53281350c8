-- The hot write as functions: one round trip, and plans that each session keeps.
-- postgres.rs fills in what is in braces from the description of the index families, installs them
-- when they changed, and calls them; every array argument is one column.
-- Where arrays meet a table, plans are made once and pinned to its index: planning costs more
-- than the work, and a plan kept since the table was small would read all of it once it is large.

-- What lasts is there once, or, where several note it at the same time, a few times.
{notes}

CREATE OR REPLACE FUNCTION baton_index({rows}) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
{inserts}
END $$;

CREATE OR REPLACE FUNCTION baton_unindex({rows}) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
{deletes}
END $$;

-- Rows of these types and ids.
CREATE OR REPLACE FUNCTION baton_current(type_ids int2[], ids text[]) RETURNS SETOF resource LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY SELECT old.* FROM unnest(type_ids, ids) AS wanted (type_id, id)
    JOIN resource old ON old.type_id = wanted.type_id AND old.id = wanted.id;
END $$;

-- The same, locked in key order, so that two who change the same resources never deadlock.
CREATE OR REPLACE FUNCTION baton_lock(type_ids int2[], ids text[]) RETURNS SETOF resource LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY SELECT old.* FROM unnest(type_ids, ids) AS wanted (type_id, id)
    JOIN resource old ON old.type_id = wanted.type_id AND old.id = wanted.id
    ORDER BY old.key FOR UPDATE OF old;
END $$;

-- Locks these keys if these are their versions and nobody else has locked them: then all, and true.
CREATE OR REPLACE FUNCTION baton_hold(keys int8[], versions int8[]) RETURNS boolean LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    held int8;
BEGIN
    PERFORM FROM unnest(keys, versions) AS wanted (key, version)
    JOIN resource old ON old.key = wanted.key AND old.version = wanted.version
    FOR UPDATE OF old SKIP LOCKED;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN held = cardinality(keys);
END $$;

-- Locks texts, by their hashes in order, until the transaction ends; first shares one that others may lock.
CREATE OR REPLACE FUNCTION baton_lock_texts(shared int8, numbers int8[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number int8;
BEGIN
    IF shared IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(shared);
    END IF;
    FOREACH number IN ARRAY numbers LOOP
        PERFORM pg_advisory_xact_lock(number);
    END LOOP;
END $$;

-- The same and then what a setting says. What is read is a statement of its own, which sees what
-- others committed before the locks were free.
CREATE OR REPLACE FUNCTION baton_lock_and_read(shared int8, numbers int8[], wanted text) RETURNS text LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM baton_lock_texts(shared, numbers);
    RETURN (SELECT value FROM setting WHERE name = wanted);
END $$;

-- The same and then the latest messages a sender gave that name, also before it was registered.
CREATE OR REPLACE FUNCTION baton_lock_and_find(
    numbers int8[], of_sender text, of_name text, most int8
) RETURNS SETOF inbox LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM baton_lock_texts(NULL, numbers);
    RETURN QUERY SELECT * FROM inbox
    WHERE (sender = of_sender OR sender = '') AND control_id = of_name ORDER BY received DESC LIMIT most;
END $$;

-- Moves current rows to the history and puts new versions in their place.
CREATE OR REPLACE FUNCTION baton_replace(
    keys int8[], versions int8[], updates int8[], deletions bool[], bodies bytea[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    INSERT INTO resource_history (key, version, type_id, id, updated, deleted, body)
    SELECT old.key, old.version, old.type_id, old.id, old.updated, old.deleted, old.body
    FROM unnest(keys, versions) AS new (key, version)
    JOIN resource old ON old.key = new.key
    WHERE new.version <> 1;
    UPDATE resource SET version = new.version, updated = new.updated, deleted = new.deleted, body = new.body
    FROM unnest(keys, versions, updates, deletions, bodies) AS new (key, version, updated, deleted, body)
    WHERE resource.key = new.key AND new.version <> 1;
END $$;

-- Version 1 is inserted. A later version moves the current row to the history first.
CREATE OR REPLACE FUNCTION baton_write(
    keys int8[], type_ids int2[], ids text[], versions int8[], updates int8[], deletions bool[], bodies bytea[],
    times int8[], actors text[], requests bytea[], details bytea[],
    {rows}
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF 1 = ANY (versions) THEN
        INSERT INTO resource (key, type_id, id, version, updated, deleted, body)
        SELECT * FROM unnest(keys, type_ids, ids, versions, updates, deletions, bodies)
            AS new (key, type_id, id, version, updated, deleted, body)
        WHERE new.version = 1;
    END IF;
    IF 1 <> ANY (versions) THEN
        PERFORM baton_replace(keys, versions, updates, deletions, bodies);
    END IF;
{inserts}
    INSERT INTO audit (at, actor, request, key, version, deleted, detail)
    SELECT * FROM unnest(times, actors, requests, keys, versions, deletions, details);
END $$;
