ALTER TABLE client DROP COLUMN organization;
DROP TABLE consent_rule;
