-- Registered government data assets (政务数据资产) and their catalogue entries.
-- The description is one JSON document (`entry`), because it is read and written
-- as a whole, is versioned by `revision`, and its history is in the audit trail;
-- what is searched by SQL stands in columns of its own.
-- Rows are never deleted: a withdrawn asset stays as evidence.
-- Basis: 山西省大数据发展应用促进条例 第七条; 政务数据共享条例 第十三条.

CREATE TABLE asset (
    asset_id      TEXT PRIMARY KEY,          -- UUIDv7, made by the platform
    body_code     TEXT REFERENCES body (body_code), -- NULL only for an entry taken over from another catalogue
    provider      TEXT NOT NULL,             -- name of the providing body, as published
    kind          TEXT NOT NULL CHECK (kind IN ('dataset', 'system')),
    state         TEXT NOT NULL
        CHECK (state IN ('draft', 'unit_review', 'data_review', 'published', 'withdrawn')),
    revision      BIGINT NOT NULL,           -- grows with every change; the ETag
    entry         TEXT NOT NULL,             -- JSON, platform::registry::CatalogueEntry
    title         TEXT NOT NULL,             -- entry.title.zh, for lists
    division      TEXT,                      -- GB/T 2260, six digits
    theme         TEXT,
    filer         TEXT REFERENCES account (account_id),
    consented_by  TEXT REFERENCES account (account_id),
    published_by  TEXT REFERENCES account (account_id),
    origin        TEXT,                      -- catalogue it was taken over from; NULL for our own
    origin_id     TEXT,                      -- identifier there
    return_reason TEXT,                      -- why it came back to the filer
    created_at    TEXT NOT NULL,             -- RFC 3339, UTC, microseconds, so it sorts as text
    updated_at    TEXT NOT NULL,
    submitted_at  TEXT,
    consented_at  TEXT,
    published_at  TEXT,

    -- an_own_asset_has_a_body
    CONSTRAINT own_asset_has_body CHECK (origin IS NOT NULL OR body_code IS NOT NULL),
    -- nobody_approves_what_they_filed
    CONSTRAINT filer_does_not_consent CHECK (consented_by IS NULL OR consented_by <> filer),
    CONSTRAINT filer_does_not_publish CHECK (origin IS NOT NULL OR published_by IS NULL OR published_by <> filer),
    CONSTRAINT consenter_does_not_publish
        CHECK (published_by IS NULL OR consented_by IS NULL OR published_by <> consented_by),
    CONSTRAINT origin_once UNIQUE (origin, origin_id)
);

-- My body's assets, newest change first.
CREATE INDEX asset_by_body ON asset (body_code, updated_at);
-- The inboxes of unit heads and data administrators, oldest first.
CREATE INDEX asset_to_review ON asset (state, submitted_at);
