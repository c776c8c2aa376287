-- People and how they prove who they are.

-- Everybody, in one table, since a log-in knows only an e-mail address: it is unique over all hospitals. Platform administrators have no hospital.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    hospital_id uuid REFERENCES known_hospitals,
    email text NOT NULL,
    email_key text NOT NULL CONSTRAINT users_email UNIQUE,
    first_name text NOT NULL,
    last_name text NOT NULL,
    role text NOT NULL CHECK (role IN ('ADMIN', 'DOCTOR', 'NURSE', 'PATIENT')),
    phone_number text,
    date_of_birth date,
    license_number text,
    years_of_experience integer,
    is_available boolean NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (hospital_id, id),
    CHECK (hospital_id IS NOT NULL OR role = 'ADMIN'));
CREATE INDEX users_by_name ON users (hospital_id, role, last_name, id);
SELECT seal('users');

-- The platform's, the same ones for every hospital.
CREATE TABLE specialties (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT specialties_code UNIQUE,
    name text NOT NULL,
    description text,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX specialties_name ON specialties (lower(name));

-- Which doctor practises what.
CREATE TABLE practices (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    specialty_id uuid NOT NULL REFERENCES specialties,
    is_primary boolean NOT NULL,
    years_of_experience integer,
    certification_date date,
    PRIMARY KEY (hospital_id, doctor_id, specialty_id),
    FOREIGN KEY (hospital_id, doctor_id) REFERENCES users (hospital_id, id));
CREATE INDEX practices_by_specialty ON practices (hospital_id, specialty_id);
SELECT seal('practices');

-- Apart from the people, so that no reading of a person ever holds it. revoked_at: when all their sessions were last ended.
CREATE TABLE credentials (
    user_id uuid PRIMARY KEY REFERENCES users,
    password_hash text NOT NULL,
    revoked_at timestamptz,
    last_login_at timestamptz);

-- A log-in and all that descends from it.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    started_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    revoked_at timestamptz);
CREATE INDEX sessions_by_user ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- Only their SHA-256. The spent ones are kept as long as their session, so that a stolen one is noticed whenever it is used.
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    spent_at timestamptz);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Sessions, users and hospitals whose access tokens were cut off, to be told to every process through Redis for as long as such a token could live.
CREATE TABLE revocations (
    revoked_id uuid NOT NULL,
    revoked_at timestamptz NOT NULL,
    PRIMARY KEY (revoked_at, revoked_id));

-- Wrong guesses by e-mail address (its hash), whether anybody has that address or not.
CREATE TABLE failed_logins (
    email_hash bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz);
CREATE INDEX failed_logins_by_time ON failed_logins (last_at);

-- The keys that sign access tokens; the private part is encrypted with a secret that is not in the database.
CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    x bytea NOT NULL,
    y bytea NOT NULL,
    encrypted_d bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL);
