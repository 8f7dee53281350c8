-- What a person allowed an app last, so that it need not ask while they look elsewhere.
CREATE TABLE allowed (
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, client)
);
