-- The logical schema is the same as migrations/sqlite; only storage clauses differ.

-- To start a search from a range of values, where nothing else of it is narrower. Not on idx_coded: two
-- more places for a blood pressure, each on a page of its own, cost a third of the writes in a second.
CREATE INDEX idx_quantity_by_value ON idx_quantity (param, value, key);
