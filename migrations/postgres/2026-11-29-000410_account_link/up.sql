-- Who knows a person too, and as whom: accounts may sign in at an OpenID provider.
ALTER TABLE account ADD COLUMN issuer TEXT;
ALTER TABLE account ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX account_by_subject ON account (issuer, subject);
