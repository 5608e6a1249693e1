-- Topics (专题): datasets that belong together, chosen by the data administrator.
-- Basis: 山西省大数据发展应用促进条例 第八条.

CREATE TABLE topic (
    slug       TEXT PRIMARY KEY,             -- the last part of its address
    revision   BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('shown', 'hidden')),
    title_zh   TEXT NOT NULL,
    title_en   TEXT NOT NULL,
    summary_zh TEXT NOT NULL,
    summary_en TEXT NOT NULL,
    edited_by  TEXT NOT NULL REFERENCES account (account_id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

-- Its datasets, in order.
CREATE TABLE topic_dataset (
    slug     TEXT NOT NULL REFERENCES topic (slug),
    asset_id TEXT NOT NULL REFERENCES asset (asset_id),
    place    BIGINT NOT NULL,

    PRIMARY KEY (slug, asset_id)
);
