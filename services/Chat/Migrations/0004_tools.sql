-- What the chat may do for the users of a hospital. A hospital without a row has the defaults.
CREATE TABLE chat_policies (
    hospital_id uuid PRIMARY KEY REFERENCES known_hospitals,
    is_enabled boolean NOT NULL,
    tools_enabled boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
SELECT seal('chat_policies');

-- Changes that the model proposed. They contain what patients say, so each is deleted with its call.
CREATE TABLE chat_confirmations (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    tool text NOT NULL,
    arguments text NOT NULL,
    state text NOT NULL,
    result text,
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),
    FOREIGN KEY (hospital_id, run_id) REFERENCES chat_calls (hospital_id, id) ON DELETE CASCADE);
SELECT seal('chat_confirmations');
CREATE INDEX chat_confirmations_by_run ON chat_confirmations (hospital_id, run_id);
