-- Who may do what only one server may do at a time, and until when.

CREATE TABLE lease (
    name       TEXT PRIMARY KEY,   -- 'log.seal'
    holder     TEXT NOT NULL,
    held_until TEXT NOT NULL
);
