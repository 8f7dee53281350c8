DROP INDEX idx_quantity_by_unit;
CREATE INDEX idx_quantity_by_value ON idx_quantity (param, value, key);
