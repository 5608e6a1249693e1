-- Answers that are kept, so that a repeated request has one effect.
-- Rows are deleted after the time that the API promises.

CREATE TABLE idempotency (
    key        TEXT NOT NULL,      -- the client's Idempotency-Key
    account    TEXT NOT NULL,      -- '' for a request without an account
    digest     TEXT NOT NULL,      -- of method, path and body
    status     BIGINT,             -- NULL while it runs
    headers    TEXT,               -- JSON, pairs
    body       BYTEA,
    created_at TEXT NOT NULL,

    PRIMARY KEY (key, account)
);

CREATE INDEX idempotency_age ON idempotency (created_at);
