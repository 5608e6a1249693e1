-- What an answer granted of conditional data: the filer takes it with the code of the case,
-- until the term ends or the body takes the grant back.
-- Basis: 政务数据共享条例 第二十条 (purpose, scope and term of use, by analogy).

CREATE TABLE data_grant (
    case_number   TEXT PRIMARY KEY REFERENCES public_case (case_number),
    asset_id      TEXT NOT NULL REFERENCES asset (asset_id),
    granted_at    TEXT NOT NULL,
    ends_at       TEXT NOT NULL,             -- the term that was asked for
    revoked_at    TEXT,
    revoked_by    TEXT REFERENCES account (account_id),
    revoke_reason TEXT,
    taken         BIGINT NOT NULL,           -- how often data were taken
    last_taken_at TEXT,

    -- a_grant_is_taken_back_with_a_reason
    CONSTRAINT grant_revocation_has_reason CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);

-- What the filer was told to add must come until this day; later the case may count as
-- given up (视为放弃申请). Basis: 政府信息公开条例 第三十条.
ALTER TABLE public_case ADD COLUMN supplement_due_at TEXT;
ALTER TABLE public_case ADD COLUMN lapsed_at TEXT;
