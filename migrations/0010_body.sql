-- Public bodies and other organizations (单位) that take part.
-- Rows are never deleted: assets, grants and the audit trail refer to them.

CREATE TABLE body (
    body_code  TEXT PRIMARY KEY,   -- unified social credit code, GB 32100-2015
    name_zh    TEXT NOT NULL,
    name_en    TEXT NOT NULL,      -- '' where there is none
    kind       TEXT NOT NULL CHECK (kind IN ('government', 'institution', 'enterprise', 'other')),
    division   TEXT NOT NULL,      -- GB/T 2260, six digits
    created_at TEXT NOT NULL,      -- RFC 3339, UTC, microseconds, so it sorts as text

    CONSTRAINT body_has_a_name CHECK (name_zh <> '')
);
