-- Cases that the public filed, as everyone may see them: state, clock, question and answer.
-- What was filed stands in case_paper, who filed it in case_contact: a page for everyone
-- reads this table alone, so it cannot show what was not published.
-- Rows are never deleted: an answer stays readable.
-- Basis: 政府信息公开条例 第三十三条; 政务数据共享条例 第二十六条.

CREATE TABLE public_case (
    case_number   TEXT PRIMARY KEY,          -- drawn at random, XXXX-XXXX
    kind          TEXT NOT NULL
        CHECK (kind IN ('open_data', 'conditional', 'correction', 'suggestion', 'complaint')),
    state         TEXT NOT NULL CHECK (state IN
        ('filed', 'supplement_asked', 'supplemented', 'under_review', 'to_approve', 'answered', 'closed', 'withdrawn')),
    revision      BIGINT NOT NULL,
    asset_id      TEXT REFERENCES asset (asset_id),   -- NULL: about nothing registered here
    body_code     TEXT REFERENCES body (body_code),   -- who answers; NULL until it is assigned
    division      TEXT,                      -- whose deadlines apply; NULL: the province's
    title         TEXT,                      -- as released for everyone; NULL until then
    question      TEXT,
    question_at   TEXT,
    commitment_sha256 TEXT,                  -- of the undertaking that was accepted
    filed_at      TEXT NOT NULL,
    clock_from    TEXT NOT NULL,             -- filing, or the supplement: it starts the clock anew
    due_at        TEXT,                      -- NULL while a calendar is not published
    supplement_asked_at TEXT,
    supplemented_at     TEXT,
    accepted_at   TEXT,
    handler       TEXT REFERENCES account (account_id),
    extension     TEXT,                      -- the reason
    extended_at   TEXT,
    drafted_by    TEXT REFERENCES account (account_id),
    drafted_at    TEXT,
    outcome       TEXT CHECK (outcome IN
        ('granted', 'partly_granted', 'already_open', 'refused', 'not_held', 'not_existing',
         'repeated', 'corrected', 'not_erroneous', 'explained')),
    ground        TEXT,
    answer        TEXT,                      -- JSON, platform::requests::Answer
    answered_by   TEXT REFERENCES account (account_id),
    answered_at   TEXT,
    working_days  BIGINT,                    -- from clock_from to the answer; NULL: no calendar
    closed_at     TEXT,
    withdrawn_at  TEXT,
    updated_at    TEXT NOT NULL,

    -- nobody_approves_the_answer_that_they_wrote
    CONSTRAINT case_drafter_does_not_approve CHECK (answered_by IS NULL OR answered_by <> drafted_by),
    -- a_refusal_cites_a_reason_and_a_ground
    CONSTRAINT case_refusal_cites_ground
        CHECK (outcome IS NULL OR outcome NOT IN ('refused', 'partly_granted') OR ground IS NOT NULL),
    -- conditional_data_are_asked_for_with_the_undertaking
    CONSTRAINT case_conditional_has_commitment
        CHECK (kind <> 'conditional' OR commitment_sha256 IS NOT NULL),
    -- an_answer_is_extended_once_and_with_a_reason
    CONSTRAINT case_extension_has_reason CHECK ((extended_at IS NULL) = (extension IS NULL)),
    CONSTRAINT case_answered_has_answer
        CHECK ((answered_at IS NULL) = (answer IS NULL) AND (answer IS NULL) = (outcome IS NULL))
);

-- The public list, newest first.
CREATE INDEX public_case_newest ON public_case (filed_at, case_number);
-- The desk of a body, and the portal's list by state.
CREATE INDEX public_case_of_body ON public_case (body_code, state, filed_at);
CREATE INDEX public_case_of_asset ON public_case (asset_id, filed_at);
