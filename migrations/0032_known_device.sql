-- Browsers in which the owner of an account signed in before: attempts from there are
-- counted apart, so that a stranger who guesses cannot slow the owner down.
-- Rows are deleted half a year after the last sign-in, and with a new password.

CREATE TABLE known_device (
    device_hash TEXT NOT NULL,     -- SHA-256 of the secret in the browser's cookie
    account_id  TEXT NOT NULL REFERENCES account (account_id),
    seen_at     TEXT NOT NULL,

    PRIMARY KEY (device_hash, account_id)
);
CREATE INDEX known_device_of_account ON known_device (account_id, seen_at);
