-- Uploads under way, and the dataset versions that came of them.
-- An upload's bytes lie in files/uploads/<upload_id>; `bytes_received` is written
-- only after they are synced, so it is never ahead of the disk.

CREATE TABLE upload (
    upload_id      TEXT PRIMARY KEY,
    asset_id       TEXT NOT NULL REFERENCES asset (asset_id),
    account_id     TEXT NOT NULL REFERENCES account (account_id),
    file_name      TEXT NOT NULL,
    hint           TEXT NOT NULL,            -- JSON, ingest::Hint without the file name
    bytes_total    BIGINT NOT NULL CHECK (bytes_total >= 0),
    bytes_received BIGINT NOT NULL CHECK (bytes_received >= 0 AND bytes_received <= bytes_total),
    state          TEXT NOT NULL CHECK (state IN ('open', 'completed', 'aborted')),
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL
);

CREATE INDEX upload_open ON upload (asset_id) WHERE state = 'open';

CREATE TABLE dataset_version (
    version_id    TEXT PRIMARY KEY,
    asset_id      TEXT NOT NULL REFERENCES asset (asset_id),
    number        BIGINT NOT NULL,           -- 1, 2, 3 … within the asset
    state         TEXT NOT NULL CHECK (state IN ('reading', 'stored', 'failed')),
    upload_id     TEXT REFERENCES upload (upload_id),
    file_name     TEXT NOT NULL,
    bytes         BIGINT NOT NULL,
    sha256        TEXT,                      -- of the file as received; known once it has been read
    sm3           TEXT,
    reading       TEXT,                      -- JSON: format, encoding, delimiter, columns, notes
    profile       TEXT,                      -- JSON: quality::TableProfile
    rows          BIGINT,
    rejected      BIGINT,
    table_path    TEXT,
    table_version BIGINT,
    table_bytes   BIGINT,
    problem       TEXT,                      -- JSON Bilingual: why it failed
    filed_by      TEXT NOT NULL REFERENCES account (account_id),
    created_at    TEXT NOT NULL,
    finished_at   TEXT,

    CONSTRAINT dataset_version_number UNIQUE (asset_id, number)
);
