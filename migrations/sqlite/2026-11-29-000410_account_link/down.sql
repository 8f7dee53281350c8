DROP INDEX account_by_subject;
ALTER TABLE account DROP COLUMN subject;
ALTER TABLE account DROP COLUMN issuer;
