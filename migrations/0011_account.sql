-- Accounts of persons, what they may do, and how they prove who they are.
-- Accounts and grants are never deleted: the audit trail refers to them.

CREATE TABLE account (
    account_id  TEXT PRIMARY KEY,  -- UUIDv7, made by the platform
    login       TEXT NOT NULL,     -- lower case
    name        TEXT NOT NULL,
    body_code   TEXT NOT NULL REFERENCES body (body_code), -- where the person works
    password    TEXT NOT NULL,     -- PHC string, argon2id
    state       TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at  TEXT NOT NULL,

    CONSTRAINT login_once UNIQUE (login),
    CONSTRAINT login_is_lower_case CHECK (login = lower(login) AND login <> '')
);

-- the_three_administrators_are_never_one_person: an account has at most one row
-- here, for good, and role_grant accepts an administrator's role only with it.
-- No program, import or restored backup can write a second one.
CREATE TABLE administrator (
    account_id TEXT PRIMARY KEY REFERENCES account (account_id),
    role       TEXT NOT NULL CHECK (role IN ('system_admin', 'security_admin', 'auditor')),

    CONSTRAINT administrator_role UNIQUE (account_id, role)
);

CREATE TABLE role_grant (
    grant_id   TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (account_id),
    role       TEXT NOT NULL CHECK (role IN
        ('clerk', 'unit_head', 'data_admin', 'gate_reviewer',
         'system_admin', 'security_admin', 'auditor')),
    admin_role TEXT,               -- the role again, if it is one of the three
    body_code  TEXT NOT NULL REFERENCES body (body_code),
    valid_from TEXT NOT NULL,
    valid_until TEXT,              -- NULL: until it is revoked
    granted_by TEXT,               -- NULL: the operator, at the console
    granted_at TEXT NOT NULL,
    revoked_at TEXT,

    CONSTRAINT admin_role_is_registered FOREIGN KEY (account_id, admin_role)
        REFERENCES administrator (account_id, role),
    CONSTRAINT admin_role_is_told CHECK (
        (role IN ('system_admin', 'security_admin', 'auditor')) = (admin_role IS NOT NULL)
        AND (admin_role IS NULL OR admin_role = role)),
    CONSTRAINT nobody_grants_to_themselves CHECK (granted_by IS NULL OR granted_by <> account_id)
);

-- A role is held once.
CREATE UNIQUE INDEX role_grant_once ON role_grant (account_id, role, body_code)
    WHERE revoked_at IS NULL;

-- The session's id is kept only as its SHA-256: whoever reads this table cannot
-- take a session over.
CREATE TABLE session (
    session_hash TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (account_id),
    created_at   TEXT NOT NULL,
    seen_at      TEXT NOT NULL,
    address      TEXT NOT NULL
);
CREATE INDEX session_of_account ON session (account_id);

CREATE TABLE api_token (
    token_id   TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,      -- SHA-256 of the token
    account_id TEXT NOT NULL REFERENCES account (account_id),
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,      -- JSON, names of actions
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,

    CONSTRAINT api_token_hash UNIQUE (token_hash)
);
CREATE INDEX api_token_of_account ON api_token (account_id, created_at);

-- Failed sign-ins, by login and by address.
CREATE TABLE sign_in_throttle (
    subject       TEXT PRIMARY KEY, -- 'login:…' or 'address:…'
    failures      BIGINT NOT NULL,
    failed_at     TEXT NOT NULL,
    blocked_until TEXT NOT NULL
);
