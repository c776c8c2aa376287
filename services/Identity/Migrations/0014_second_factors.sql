-- What users log in with besides their password, and what a session remembers of its login.

-- The secret of a user's authenticator app, encrypted with a secret that is not in the database. A code of last_step or an earlier time step is spent.
CREATE TABLE authenticators (
    user_id uuid PRIMARY KEY REFERENCES users,
    encrypted_secret bytea NOT NULL,
    last_step bigint NOT NULL,
    created_at timestamptz NOT NULL);

-- Only their SHA-256: each is 80 random bits. A spent one is deleted.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, hash));

-- The public keys of WebAuthn authenticators, with what the authenticator said of them. last_used_at: an answer to an older challenge is spent.
CREATE TABLE passkeys (
    credential_id bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    name text NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    transports text NOT NULL,
    is_backup_eligible boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL);
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- authentication_methods: as in the claim amr, separated by spaces; null for sessions from before, which began with a password. authenticated_at: when the user
-- entered them, null where that is started_at. client_id: null for a login by the API.
ALTER TABLE sessions
    ADD COLUMN authentication_methods text,
    ADD COLUMN authenticated_at timestamptz,
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN client_id text;

ALTER TABLE sign_in_policies ADD COLUMN second_factor_roles text[] NOT NULL DEFAULT '{}';
