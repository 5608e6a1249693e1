-- The papers of a case: what was filed and what passed between filer and desk, in full.
-- Read by the desk of the body that answers and by who holds the code of the case.

CREATE TABLE case_paper (
    case_number   TEXT PRIMARY KEY REFERENCES public_case (case_number),
    title         TEXT NOT NULL,
    question      TEXT NOT NULL,
    details       TEXT NOT NULL,             -- JSON, platform::requests::Details
    supplement_notice TEXT,                  -- what is missing, said once
    supplement    TEXT,
    draft         TEXT,                      -- JSON: an answer that is not approved yet
    return_reason TEXT                       -- why the draft came back
);
