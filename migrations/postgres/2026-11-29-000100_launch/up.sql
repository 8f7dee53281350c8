-- People who sign in (crates/gateway/src/auth/launch/): accounts, what unguessable texts stand for,
-- and what people granted to apps.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- argon2id as a PHC string.
    password TEXT NOT NULL,
    -- When the password was set: sessions from before are over.
    password_set BIGINT NOT NULL,
    -- Practitioner/…, Patient/… or RelatedPerson/…
    fhir_user TEXT NOT NULL,
    totp TEXT,
    -- The last step that was used: a one-time password works once.
    totp_step BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    disabled BIGINT
);
-- Failed attempts by a hash of the name, whether or not there is such an account.
CREATE TABLE login_attempt (
    name TEXT NOT NULL PRIMARY KEY,
    failed BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX login_attempt_by_expires ON login_attempt (expires);
-- Sessions, sign-ins under way, codes, refresh tokens, launches: kept only by hash.
CREATE TABLE handle (
    hash TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX handle_by_expires ON handle (expires);
CREATE TABLE granted (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    body TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT
);
CREATE INDEX granted_by_account ON granted (account);
CREATE INDEX granted_by_expires ON granted (expires);

ALTER TABLE client ADD COLUMN public BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE client ADD COLUMN grant_types TEXT NOT NULL DEFAULT 'client_credentials';
-- Separated by spaces.
ALTER TABLE client ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN launch_url TEXT;
