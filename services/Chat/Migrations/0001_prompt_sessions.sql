-- Guided prompts under way. They hold what patients tell, so each stays only until its time is up.
CREATE TABLE prompt_sessions (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    prompt text NOT NULL,
    step text,
    settled integer NOT NULL,
    notice text,
    data text NOT NULL,
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('prompt_sessions');
CREATE INDEX prompt_sessions_by_age ON prompt_sessions (expires_at);
