-- Who did what to what, on what ground, and its commitment in the transparency
-- log. Rows are never changed or deleted: whoever does it is found out, because
-- the log holds the commitment.

CREATE TABLE audit (
    entry_id   TEXT PRIMARY KEY,   -- UUIDv7, the entry in the log too
    kind       TEXT NOT NULL,      -- 'asset.published'
    subject    TEXT NOT NULL,      -- 'asset:…'
    account_id TEXT,               -- NULL: the system, or nobody signed in
    actor      TEXT NOT NULL,      -- 'account:…', 'system', 'anonymous'
    body_code  TEXT,
    ground     TEXT,               -- provision or reason that was given
    data       TEXT NOT NULL,      -- JSON: exactly the bytes that the commitments are over
    salt       TEXT NOT NULL,      -- hexadecimal, 32 bytes; makes guessing the data useless
    sm3        TEXT NOT NULL,      -- of salt and data, hexadecimal
    sha256     TEXT NOT NULL,
    request_id TEXT,
    address    TEXT,
    at         TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, at);
CREATE INDEX audit_time ON audit (at, entry_id);
CREATE INDEX audit_account ON audit (account_id, at);

-- The leaves of the log. `position` is empty until the entry is sealed.
CREATE TABLE log_entry (
    entry_id TEXT PRIMARY KEY REFERENCES audit (entry_id),
    leaf     TEXT NOT NULL,        -- JSON: exactly the bytes of the leaf
    position BIGINT,

    CONSTRAINT log_entry_position UNIQUE (position),
    CONSTRAINT log_entry_position_is_an_index CHECK (position IS NULL OR position >= 0)
);
CREATE INDEX log_entry_pending ON log_entry (entry_id) WHERE position IS NULL;

-- The widest form of each tile. A narrower form is its beginning, so all partial
-- tiles that were ever published can still be served.
CREATE TABLE log_tile (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    width  BIGINT NOT NULL CHECK (width BETWEEN 1 AND 256),
    hashes BYTEA NOT NULL,         -- 32 bytes each

    PRIMARY KEY (level, number)
);

-- Every checkpoint ever published.
CREATE TABLE log_checkpoint (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL,            -- signed note, C2SP tlog-checkpoint
    at   TEXT NOT NULL
);
