-- What harvesters are told of each asset that was ever in the catalogue: when it last
-- changed, and whether it is still there.
-- Rows are never deleted: who took an entry over must learn that it is gone.

CREATE TABLE catalogue_record (
    asset_id   TEXT PRIMARY KEY REFERENCES asset (asset_id),
    changed_at TEXT NOT NULL,            -- when the platform changed it, not when its source did
    gone       BIGINT NOT NULL CHECK (gone IN (0, 1)) -- withdrawn, or its data suspended
);

-- The harvest: everything since a moment, in order.
CREATE INDEX catalogue_record_order ON catalogue_record (changed_at, asset_id);

INSERT INTO catalogue_record (asset_id, changed_at, gone)
SELECT a.asset_id,
       CASE WHEN r.released_at IS NULL OR r.released_at < a.updated_at
            THEN a.updated_at ELSE r.released_at END,
       CASE WHEN a.state <> 'published' OR (r.released_at IS NOT NULL AND r.open = 0)
            THEN 1 ELSE 0 END
  FROM asset a
  LEFT JOIN (SELECT asset_id, MAX(released_at) AS released_at,
                    SUM(CASE WHEN state = 'current' THEN 1 ELSE 0 END) AS open
               FROM release WHERE audience = 'open' GROUP BY asset_id) r
    ON r.asset_id = a.asset_id
 WHERE a.published_at IS NOT NULL;
