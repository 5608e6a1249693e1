-- When a description came back to its filer, so that its clock does not start again with
-- each change of the draft.

ALTER TABLE asset ADD COLUMN returned_at TEXT;

UPDATE asset SET returned_at = updated_at WHERE state = 'draft' AND return_reason IS NOT NULL;
