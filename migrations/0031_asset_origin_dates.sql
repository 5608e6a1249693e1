-- What the source of an entry that was taken over says of its dates. Where it says nothing
-- there is nothing: the day on which an entry was taken over (created_at) is not its date.

ALTER TABLE asset ADD COLUMN origin_issued_at TEXT;
ALTER TABLE asset ADD COLUMN origin_updated_at TEXT;

-- Before, a source's date stood in the place of ours.
UPDATE asset SET origin_updated_at = updated_at WHERE origin IS NOT NULL AND updated_at < created_at;
UPDATE asset SET published_at = created_at WHERE origin IS NOT NULL AND published_at = updated_at;
