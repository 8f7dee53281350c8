-- The logical schema is the same as migrations/sqlite; only storage clauses differ.

-- To start a search from a range of values, where nothing else of it is narrower.
CREATE INDEX idx_quantity_by_value ON idx_quantity (param, value, key);
CREATE INDEX idx_coded_by_value ON idx_coded (param, value, key) WHERE value IS NOT NULL;
