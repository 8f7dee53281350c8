ALTER TABLE client DROP COLUMN launch_url;
ALTER TABLE client DROP COLUMN redirect_uris;
ALTER TABLE client DROP COLUMN grant_types;
ALTER TABLE client DROP COLUMN public;
DROP TABLE granted;
DROP TABLE handle;
DROP TABLE login_attempt;
DROP TABLE account;
