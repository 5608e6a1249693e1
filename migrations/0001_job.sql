-- Work that runs later. A row is written in the transaction of the change that
-- needs it. Ended jobs stay: people ask what became of their upload.

CREATE TABLE job (
    job_id           TEXT PRIMARY KEY,   -- UUIDv7, made by the platform
    kind             TEXT NOT NULL,      -- which code runs it
    subject          TEXT NOT NULL,      -- what it is about, 'asset:…'
    payload          TEXT NOT NULL,      -- JSON
    state            TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempts         BIGINT NOT NULL,
    run_after        TEXT NOT NULL,      -- RFC 3339, UTC, microseconds, so it sorts as text
    lease_until      TEXT,
    worker           TEXT,
    progress_done    BIGINT,
    progress_total   BIGINT,
    progress_note_zh TEXT,
    progress_note_en TEXT,
    error            TEXT,
    created_at       TEXT NOT NULL,
    finished_at      TEXT,

    -- two_workers_never_hold_one_job: who runs it is written down, until when too
    CONSTRAINT running_job_is_leased
        CHECK (state <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)),
    CONSTRAINT ended_job_has_its_time
        CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);

-- What is next to run.
CREATE INDEX job_next ON job (run_after, job_id) WHERE state = 'queued';
-- Whose worker died.
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_subject ON job (subject, created_at);
