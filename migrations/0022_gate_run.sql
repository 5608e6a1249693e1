-- Runs of the gate: what was found in a dataset version, what was decided about
-- its columns, what was measured, and who agreed.
-- Basis: 山西省大数据发展应用促进条例 第八条第三款; GB/T 42460-2023.

CREATE TABLE gate_run (
    gate_run_id  TEXT PRIMARY KEY,
    asset_id     TEXT NOT NULL REFERENCES asset (asset_id),
    version_id   TEXT NOT NULL REFERENCES dataset_version (version_id),
    audience     TEXT NOT NULL CHECK (audience IN ('open', 'share', 'trade')),
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

CREATE INDEX gate_run_of_asset ON gate_run (asset_id, created_at);
CREATE INDEX gate_run_to_review ON gate_run (state, updated_at);
