-- The hot write as functions: one round trip, and plans that each session keeps.
-- crates/store/src/write_sql/postgres.rs calls them; every array argument is one column.
-- Where arrays meet a table, plans are made once and pinned to its index: planning costs more
-- than the work, and a plan kept since the table was small would read all of it once it is large.

CREATE FUNCTION baton_index(
    token_param int4[], token_code text[], token_key int8[], token_system int8[],
    reference_param int4[], reference_target text[], reference_key int8[], reference_target_type int2[],
    date_param int4[], date_low int8[], date_high int8[], date_key int8[],
    string_param int4[], string_norm text[], string_exact text[], string_key int8[],
    number_param int4[], number_key int8[], number_low float8[], number_high float8[],
    quantity_param int4[], quantity_key int8[], quantity_value float8[], quantity_code int8[], quantity_system int8[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(token_key) > 0 THEN
        INSERT INTO idx_token (param, code, key, system)
        SELECT * FROM unnest(token_param, token_code, token_key, token_system);
    END IF;
    IF cardinality(reference_key) > 0 THEN
        INSERT INTO idx_reference (param, target, key, target_type)
        SELECT * FROM unnest(reference_param, reference_target, reference_key, reference_target_type);
    END IF;
    IF cardinality(date_key) > 0 THEN
        INSERT INTO idx_date (param, low, high, key)
        SELECT * FROM unnest(date_param, date_low, date_high, date_key);
    END IF;
    IF cardinality(string_key) > 0 THEN
        INSERT INTO idx_string (param, norm, exact, key)
        SELECT * FROM unnest(string_param, string_norm, string_exact, string_key);
    END IF;
    IF cardinality(number_key) > 0 THEN
        INSERT INTO idx_number (param, key, low, high)
        SELECT * FROM unnest(number_param, number_key, number_low, number_high);
    END IF;
    IF cardinality(quantity_key) > 0 THEN
        INSERT INTO idx_quantity (param, key, value, code, system)
        SELECT * FROM unnest(quantity_param, quantity_key, quantity_value, quantity_code, quantity_system);
    END IF;
END $$;

CREATE FUNCTION baton_unindex(
    token_param int4[], token_code text[], token_key int8[], token_system int8[],
    reference_param int4[], reference_target text[], reference_key int8[], reference_target_type int2[],
    date_param int4[], date_low int8[], date_high int8[], date_key int8[],
    string_param int4[], string_norm text[], string_exact text[], string_key int8[],
    number_param int4[], number_key int8[], number_low float8[], number_high float8[],
    quantity_param int4[], quantity_key int8[], quantity_value float8[], quantity_code int8[], quantity_system int8[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF cardinality(token_key) > 0 THEN
        DELETE FROM idx_token old USING unnest(token_param, token_code, token_key, token_system) gone (param, code, key, system)
        WHERE old.param = gone.param AND old.code = gone.code AND old.key = gone.key AND old.system = gone.system;
    END IF;
    IF cardinality(reference_key) > 0 THEN
        DELETE FROM idx_reference old USING unnest(reference_param, reference_target, reference_key, reference_target_type) gone (param, target, key, target_type)
        WHERE old.param = gone.param AND old.target = gone.target AND old.key = gone.key AND old.target_type = gone.target_type;
    END IF;
    IF cardinality(date_key) > 0 THEN
        DELETE FROM idx_date old USING unnest(date_param, date_low, date_high, date_key) gone (param, low, high, key)
        WHERE old.param = gone.param AND old.low = gone.low AND old.high = gone.high AND old.key = gone.key;
    END IF;
    IF cardinality(string_key) > 0 THEN
        DELETE FROM idx_string old USING unnest(string_param, string_norm, string_exact, string_key) gone (param, norm, exact, key)
        WHERE old.param = gone.param AND old.norm = gone.norm AND old.exact = gone.exact AND old.key = gone.key;
    END IF;
    IF cardinality(number_key) > 0 THEN
        DELETE FROM idx_number old USING unnest(number_param, number_key, number_low, number_high) gone (param, key, low, high)
        WHERE old.param = gone.param AND old.key = gone.key AND old.low = gone.low AND old.high = gone.high;
    END IF;
    IF cardinality(quantity_key) > 0 THEN
        DELETE FROM idx_quantity old USING unnest(quantity_param, quantity_key, quantity_value, quantity_code, quantity_system) gone (param, key, value, code, system)
        WHERE old.param = gone.param AND old.key = gone.key AND old.value = gone.value AND old.code = gone.code AND old.system = gone.system;
    END IF;
END $$;

-- Rows of these types and ids.
CREATE FUNCTION baton_current(type_ids int2[], ids text[]) RETURNS SETOF resource LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY SELECT old.* FROM unnest(type_ids, ids) AS wanted (type_id, id)
    JOIN resource old ON old.type_id = wanted.type_id AND old.id = wanted.id;
END $$;

-- The same, locked in key order, so that two who change the same resources never deadlock.
CREATE FUNCTION baton_lock(type_ids int2[], ids text[]) RETURNS SETOF resource LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY SELECT old.* FROM unnest(type_ids, ids) AS wanted (type_id, id)
    JOIN resource old ON old.type_id = wanted.type_id AND old.id = wanted.id
    ORDER BY old.key FOR UPDATE OF old;
END $$;

-- Moves current rows to the history and puts new versions in their place.
CREATE FUNCTION baton_replace(
    keys int8[], versions int8[], updates int8[], deletions bool[], bodies text[]
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
CREATE FUNCTION baton_write(
    keys int8[], type_ids int2[], ids text[], versions int8[], updates int8[], deletions bool[], bodies text[],
    actions text[], times int8[], actors text[], requests text[],
    token_param int4[], token_code text[], token_key int8[], token_system int8[],
    reference_param int4[], reference_target text[], reference_key int8[], reference_target_type int2[],
    date_param int4[], date_low int8[], date_high int8[], date_key int8[],
    string_param int4[], string_norm text[], string_exact text[], string_key int8[],
    number_param int4[], number_key int8[], number_low float8[], number_high float8[],
    quantity_param int4[], quantity_key int8[], quantity_value float8[], quantity_code int8[], quantity_system int8[]
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
    IF cardinality(token_key) > 0 THEN
        INSERT INTO idx_token (param, code, key, system)
        SELECT * FROM unnest(token_param, token_code, token_key, token_system);
    END IF;
    IF cardinality(reference_key) > 0 THEN
        INSERT INTO idx_reference (param, target, key, target_type)
        SELECT * FROM unnest(reference_param, reference_target, reference_key, reference_target_type);
    END IF;
    IF cardinality(date_key) > 0 THEN
        INSERT INTO idx_date (param, low, high, key)
        SELECT * FROM unnest(date_param, date_low, date_high, date_key);
    END IF;
    IF cardinality(string_key) > 0 THEN
        INSERT INTO idx_string (param, norm, exact, key)
        SELECT * FROM unnest(string_param, string_norm, string_exact, string_key);
    END IF;
    IF cardinality(number_key) > 0 THEN
        INSERT INTO idx_number (param, key, low, high)
        SELECT * FROM unnest(number_param, number_key, number_low, number_high);
    END IF;
    IF cardinality(quantity_key) > 0 THEN
        INSERT INTO idx_quantity (param, key, value, code, system)
        SELECT * FROM unnest(quantity_param, quantity_key, quantity_value, quantity_code, quantity_system);
    END IF;
    INSERT INTO audit (at, actor, request, action, type_id, resource_id, version)
    SELECT * FROM unnest(times, actors, requests, actions, type_ids, ids, versions);
END $$;
