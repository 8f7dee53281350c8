-- The logical schema is the same as migrations/postgres; only storage clauses differ.

-- A value says little without its unit: more than 150 in one are more than 15 in another. Where a range starts a
-- search, the rows of each unit that pass are one stretch. The primary key's other columns are in it.
DROP INDEX idx_quantity_by_value;
CREATE INDEX idx_quantity_by_unit ON idx_quantity (param, code, value, key);
