-- Names that programs gave to assets they registered (the `name` of the CKAN interface),
-- so that the same file loaded twice changes an asset and does not make a second one.
-- A name is never given to another asset.

CREATE TABLE asset_name (
    name     TEXT PRIMARY KEY CHECK (name <> ''),
    asset_id TEXT NOT NULL UNIQUE REFERENCES asset (asset_id)
);
