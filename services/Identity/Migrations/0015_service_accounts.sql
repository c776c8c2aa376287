-- The accounts of programs. They are users with scopes: no person has any.
ALTER TABLE users
    ADD COLUMN service_scope text,
    ADD COLUMN service_jwks text,
    ADD CHECK (service_scope IS NULL OR (hospital_id IS NOT NULL AND role IN ('ADMIN', 'NURSE')));
CREATE INDEX users_service_accounts ON users (hospital_id, first_name, id) WHERE service_scope IS NOT NULL;

-- Their API keys, by the SHA-256 of the whole key. The prefix is its beginning, which people see.
CREATE TABLE api_keys (
    id uuid NOT NULL,
    hospital_id uuid NOT NULL,
    service_account_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL CONSTRAINT api_keys_hash UNIQUE,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    replaced_by uuid,
    last_used_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),
    FOREIGN KEY (hospital_id, service_account_id) REFERENCES users (hospital_id, id));
CREATE INDEX api_keys_by_account ON api_keys (hospital_id, service_account_id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at);
SELECT seal('api_keys');

-- The key with which a session was started, so that uses of its tokens count as uses of the key.
ALTER TABLE sessions ADD COLUMN api_key_id uuid;

-- The client assertions (RFC 7523) that were used, by the SHA-256 of their client and jti, until they expire: each is good once.
CREATE TABLE used_assertions (
    hash bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);
