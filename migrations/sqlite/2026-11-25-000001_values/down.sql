DROP INDEX IF EXISTS idx_coded_by_value;
DROP INDEX idx_quantity_by_value;
