-- Differential privacy on the platform: the budget of an asset, and the summaries that
-- the public gets of data that are not opened, each paid from it.
-- Basis: 山西省大数据发展应用促进条例 第八条; GB/T 37964-2019.

CREATE TABLE privacy_budget (
    asset_id TEXT PRIMARY KEY REFERENCES asset (asset_id),
    revision BIGINT NOT NULL,
    unit     TEXT NOT NULL,                  -- JSON: whom an answer protects
    ledger   TEXT NOT NULL,                  -- JSON: the budget and every query paid from it
    reason   TEXT NOT NULL,
    set_by   TEXT NOT NULL REFERENCES account (account_id),
    set_at   TEXT NOT NULL,                  -- RFC 3339, UTC, microseconds
    entry_id TEXT NOT NULL                   -- entry in the transparency log
);

CREATE TABLE private_summary (
    summary_id      TEXT PRIMARY KEY,
    asset_id        TEXT NOT NULL REFERENCES asset (asset_id),
    version_id      TEXT NOT NULL REFERENCES dataset_version (version_id),
    state           TEXT NOT NULL CHECK (state IN
        ('draft', 'submitted', 'computing', 'published', 'rejected', 'withdrawn', 'failed')),
    revision        BIGINT NOT NULL,
    proposal        TEXT NOT NULL,           -- JSON: title, purpose, questions
    answers         TEXT,                    -- JSON: what was told, with its noise and its cost
    filed_by        TEXT NOT NULL REFERENCES account (account_id),
    decided_by      TEXT REFERENCES account (account_id),
    decision_ground TEXT,
    problem         TEXT,                    -- JSON: why it failed
    entry_id        TEXT NOT NULL,           -- the last step's entry in the transparency log
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    published_at    TEXT,

    -- nobody_approves_what_they_filed
    CONSTRAINT summary_filer_does_not_decide CHECK (decided_by IS NULL OR decided_by <> filed_by),
    -- a_refusal_always_cites_a_ground
    CONSTRAINT summary_refusal_cites_ground
        CHECK (state NOT IN ('rejected', 'withdrawn') OR decision_ground IS NOT NULL)
);

CREATE INDEX private_summary_of_asset ON private_summary (asset_id, created_at);
CREATE INDEX private_summary_to_review ON private_summary (state, updated_at);
