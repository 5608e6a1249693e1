-- Releases measured again: what passed once must still pass when the rules change.
-- The newest row of a release says by which rules it was last measured.

CREATE TABLE release_measurement (
    release_id  TEXT NOT NULL REFERENCES release (release_id),
    number      BIGINT NOT NULL,             -- 1 is the gate's own, then 2, 3, …
    measured_at TEXT NOT NULL,               -- RFC 3339, UTC, microseconds
    rules       TEXT NOT NULL,               -- version of the rules and their numbers
    verdict     TEXT NOT NULL CHECK (verdict IN ('passed', 'failed')),
    checks      TEXT NOT NULL,               -- JSON: platform::gate::Check, all of them
    refusals    TEXT NOT NULL,               -- JSON: the grounds on which it failed
    entry_id    TEXT NOT NULL,               -- entry in the transparency log

    PRIMARY KEY (release_id, number)
);
