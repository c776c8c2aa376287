-- Password attempts by the SHA-256 of the e-mail address and the network; a row by the address alone counts all networks that are not known.
-- logged_in_at: the last login from the network, which makes it known for a while. Replaces failed_logins, which the former version still writes.
CREATE TABLE login_attempts (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz,
    logged_in_at timestamptz);
CREATE INDEX login_attempts_by_time ON login_attempts (last_at);
