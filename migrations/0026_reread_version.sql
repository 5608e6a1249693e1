-- A version may be made of the file of an earlier one, read once more with repairs that a
-- person agreed to: which version that was, and how the file is read (JSON).

ALTER TABLE dataset_version ADD COLUMN reread TEXT;
