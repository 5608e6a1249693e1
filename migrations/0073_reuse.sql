-- What people made of open data (应用成果): submitted by anyone, shown after a review.
-- Rows are never deleted: what was declined or taken down keeps its reason.
-- Basis: 山西省大数据发展应用促进条例 第八条.

CREATE TABLE reuse (
    reuse_id     TEXT PRIMARY KEY,           -- UUIDv7, made by the platform
    state        TEXT NOT NULL CHECK (state IN ('submitted', 'shown', 'declined')),
    revision     BIGINT NOT NULL,
    title        TEXT NOT NULL,
    link         TEXT NOT NULL,
    description  TEXT NOT NULL,
    maker        TEXT NOT NULL,              -- who made it, as it is to be shown
    contact      TEXT,                       -- never public; NULL: erased
    reason       TEXT,                       -- why it is not, or no longer, shown
    submitted_at TEXT NOT NULL,
    decided_by   TEXT REFERENCES account (account_id),
    decided_at   TEXT,
    form         TEXT,                       -- the form that was sent; NULL from a program
    updated_at   TEXT NOT NULL,

    -- a_reuse_is_declined_with_a_reason
    CONSTRAINT reuse_declined_with_reason CHECK (state <> 'declined' OR reason IS NOT NULL),
    -- no_reuse_is_shown_before_a_review
    CONSTRAINT reuse_shown_after_review CHECK (state = 'submitted' OR decided_by IS NOT NULL),
    CONSTRAINT reuse_form_once UNIQUE (form)
);

CREATE INDEX reuse_by_state ON reuse (state, submitted_at);

-- The datasets that it was made of.
CREATE TABLE reuse_dataset (
    reuse_id TEXT NOT NULL REFERENCES reuse (reuse_id),
    asset_id TEXT NOT NULL REFERENCES asset (asset_id),

    PRIMARY KEY (reuse_id, asset_id)
);

-- The gallery of a dataset.
CREATE INDEX reuse_of_dataset ON reuse_dataset (asset_id);
