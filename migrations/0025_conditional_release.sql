-- Releases for those whose request was granted (有条件开放), and one row of numbers for all
-- releases of an asset: who holds several of them may compare them, whomever they were for.
-- A check cannot be changed in place on every engine, so the tables are made anew.

CREATE TABLE gate_run_before AS SELECT * FROM gate_run;
CREATE TABLE release_before AS SELECT * FROM release;
CREATE TABLE release_measurement_before AS SELECT * FROM release_measurement;
DROP TABLE release_measurement;
DROP TABLE release;
DROP TABLE gate_run;

CREATE TABLE gate_run (
    gate_run_id  TEXT PRIMARY KEY,
    asset_id     TEXT NOT NULL REFERENCES asset (asset_id),
    version_id   TEXT NOT NULL REFERENCES dataset_version (version_id),
    audience     TEXT NOT NULL CHECK (audience IN ('open', 'conditional', 'share', 'trade')),
    state        TEXT NOT NULL CHECK (state IN
        ('inspecting', 'confirming', 'measuring', 'refused', 'passed', 'submitted', 'approved', 'rejected', 'failed')),
    revision     BIGINT NOT NULL,
    settings     TEXT NOT NULL,              -- JSON: sharing model, k, suppression limit
    findings     TEXT,                       -- JSON: what detection found, column by column
    decisions    TEXT,                       -- JSON: what a person decided, column by column
    outcome      TEXT,                       -- JSON: transforms, classes, risk arithmetic, verdict
    table_path   TEXT,                       -- the candidate for release
    table_version BIGINT,
    table_bytes  BIGINT,
    filed_by     TEXT NOT NULL REFERENCES account (account_id),
    decided_by   TEXT REFERENCES account (account_id),
    decision_ground TEXT,
    problem      TEXT,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    decided_at   TEXT,

    -- nobody_approves_what_they_filed
    CONSTRAINT gate_filer_does_not_decide CHECK (decided_by IS NULL OR decided_by <> filed_by),
    -- a_refusal_always_cites_a_ground
    CONSTRAINT gate_rejection_cites_ground CHECK (state <> 'rejected' OR decision_ground IS NOT NULL)
);

CREATE TABLE release (
    release_id    TEXT PRIMARY KEY,
    asset_id      TEXT NOT NULL REFERENCES asset (asset_id),
    version_id    TEXT NOT NULL REFERENCES dataset_version (version_id),
    gate_run_id   TEXT NOT NULL UNIQUE REFERENCES gate_run (gate_run_id),
    audience      TEXT NOT NULL CHECK (audience IN ('open', 'conditional', 'share', 'trade')),
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

    CONSTRAINT release_number_of_asset UNIQUE (asset_id, number)
);

CREATE TABLE release_measurement (
    release_id  TEXT NOT NULL REFERENCES release (release_id),
    number      BIGINT NOT NULL,             -- 1 is the gate's own, then 2, 3, …
    measured_at TEXT NOT NULL,               -- RFC 3339, UTC, microseconds
    rules       TEXT NOT NULL,               -- version of the rules and their numbers
    verdict     TEXT NOT NULL CHECK (verdict IN ('passed', 'failed')),
    checks      TEXT NOT NULL,               -- JSON: platform::gate::Check, all of them
    refusals    TEXT NOT NULL,               -- JSON: the grounds on which it failed
    entry_id    TEXT NOT NULL,               -- entry in the transparency log

    PRIMARY KEY (release_id, number)
);

INSERT INTO gate_run SELECT * FROM gate_run_before;
INSERT INTO release SELECT * FROM release_before;
INSERT INTO release_measurement SELECT * FROM release_measurement_before;
DROP TABLE release_measurement_before;
DROP TABLE release_before;
DROP TABLE gate_run_before;

CREATE INDEX gate_run_of_asset ON gate_run (asset_id, created_at);
CREATE INDEX gate_run_to_review ON gate_run (state, updated_at);
-- the newest release for an audience, and the portal's lists
CREATE INDEX release_current ON release (audience, released_at) WHERE state = 'current';
