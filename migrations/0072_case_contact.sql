-- Who filed a case and how they can be reached: never public, kept apart, and erased some
-- time after the case ended.
-- Basis: 个人信息保护法 第十九条.

CREATE TABLE case_contact (
    case_number   TEXT PRIMARY KEY REFERENCES public_case (case_number),
    name          TEXT,                      -- NULL: erased
    contact       TEXT,
    code_sha256   TEXT NOT NULL,             -- of the secret code by which the filer comes back
    form          TEXT,                      -- the form that was sent; NULL from a program

    -- a_form_that_is_sent_twice_files_one_case
    CONSTRAINT case_form_once UNIQUE (form)
);
