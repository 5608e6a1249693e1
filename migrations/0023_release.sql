-- Releases: dataset versions that passed the gate for one audience, with the
-- signed certificate that says why. Nothing leaves the platform except through one.

CREATE TABLE release (
    release_id    TEXT PRIMARY KEY,
    asset_id      TEXT NOT NULL REFERENCES asset (asset_id),
    version_id    TEXT NOT NULL REFERENCES dataset_version (version_id),
    gate_run_id   TEXT NOT NULL UNIQUE REFERENCES gate_run (gate_run_id),
    audience      TEXT NOT NULL CHECK (audience IN ('open', 'share', 'trade')),
    number        BIGINT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('current', 'superseded', 'suspended')),
    rows          BIGINT NOT NULL,
    columns       TEXT NOT NULL,             -- JSON: the items that left
    profile       TEXT NOT NULL,             -- JSON: quality::TableProfile of what left
    assessment    TEXT NOT NULL,             -- JSON: the gate's outcome
    table_path    TEXT NOT NULL,
    table_version BIGINT NOT NULL,
    table_bytes   BIGINT NOT NULL,
    certificate   TEXT NOT NULL,             -- compact JWS (EdDSA) over the certificate
    entry_id      TEXT NOT NULL,             -- entry in the transparency log
    suspended_why TEXT,
    downloads     BIGINT NOT NULL,
    released_at   TEXT NOT NULL,

    CONSTRAINT release_number UNIQUE (asset_id, audience, number)
);

-- the newest release for an audience, and the portal's lists
CREATE INDEX release_current ON release (audience, released_at) WHERE state = 'current';
