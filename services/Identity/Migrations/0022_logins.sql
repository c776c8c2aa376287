-- What people authenticate with, apart from the users whom they open: an e-mail address is unique per login, over all hospitals.
-- The logins of users from before have the IDs of these users, to which the secrets of authenticators, the hashes of recovery codes and passkeys are bound.
-- Processes of the version before cannot log in anybody from here on: see "An upgrade that stops sign-in" in docs/operations.md.
SELECT set_config('medcor.hospital', '*', true);

CREATE TABLE logins (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL CONSTRAINT logins_email UNIQUE,
    password_hash text,
    has_temporary_password boolean NOT NULL,
    email_verified_at timestamptz);
INSERT INTO logins (id, email, email_key, password_hash, has_temporary_password, email_verified_at)
-- Of an address without a password, only the provider of the hospital has said that it is verified.
SELECT u.id, u.email, u.email_key, c.password_hash, coalesce(c.has_temporary_password, false),
    CASE WHEN c.password_hash IS NOT NULL THEN c.email_verified_at END
FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE u.service_scope IS NULL;
ALTER TABLE users DROP CONSTRAINT users_email;

-- By which login each user is opened; none opens a service account. Not sealed, and without a hospital, because a login has users of several.
-- revoked_at: when all sessions of the user were last ended.
CREATE TABLE memberships (
    user_id uuid PRIMARY KEY REFERENCES users,
    login_id uuid REFERENCES logins,
    revoked_at timestamptz,
    last_login_at timestamptz);
INSERT INTO memberships (user_id, login_id, revoked_at, last_login_at)
SELECT u.id, CASE WHEN u.service_scope IS NULL THEN u.id END, c.revoked_at, c.last_login_at FROM users u LEFT JOIN credentials c ON c.user_id = u.id;
CREATE INDEX memberships_by_login ON memberships (login_id);
DROP TABLE credentials;

ALTER TABLE authenticators RENAME COLUMN user_id TO login_id;
ALTER TABLE authenticators DROP CONSTRAINT authenticators_user_id_fkey, ADD FOREIGN KEY (login_id) REFERENCES logins;
ALTER TABLE recovery_codes RENAME COLUMN user_id TO login_id;
ALTER TABLE recovery_codes DROP CONSTRAINT recovery_codes_user_id_fkey, ADD FOREIGN KEY (login_id) REFERENCES logins;
ALTER TABLE passkeys RENAME COLUMN user_id TO login_id;
ALTER TABLE passkeys DROP CONSTRAINT passkeys_user_id_fkey, ADD FOREIGN KEY (login_id) REFERENCES logins;
ALTER INDEX passkeys_by_user RENAME TO passkeys_by_login;

-- The session that began with the login, of one that a change of the hospital has started. It ends no earlier, so no row refers to one that is deleted.
ALTER TABLE sessions ADD COLUMN origin_id uuid;
CREATE INDEX sessions_by_origin ON sessions (origin_id) WHERE origin_id IS NOT NULL;
