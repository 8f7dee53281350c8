DROP TABLE audit_seal;
DROP INDEX audit_at;
ALTER TABLE audit DROP COLUMN detail;
DELETE FROM lease WHERE name = 'audit';
