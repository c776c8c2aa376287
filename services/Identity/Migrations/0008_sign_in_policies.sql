-- The rules by which the users of a hospital sign in. A hospital without a row has the defaults.
CREATE TABLE sign_in_policies (
    hospital_id uuid PRIMARY KEY REFERENCES known_hospitals,
    idle_minutes integer NOT NULL,
    max_session_hours integer NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
SELECT seal('sign_in_policies');
