-- Calls of the chat model: what was asked, what came of it, and by that the history of each session. Theirs alone who asked; who belongs to no hospital has the nil one.
CREATE TABLE chat_calls (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    session_id text,
    request_id text,
    digest text NOT NULL,
    model text NOT NULL,
    max_tokens integer,
    messages text NOT NULL,
    is_whole boolean NOT NULL,
    metadata text,
    state text NOT NULL,
    answer text NOT NULL,
    ending text,
    tokens_read integer,
    tokens_written integer,
    ended_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('chat_calls');

-- The second lock on a request's id, which holds when Redis has lost the first. A day old, the id is taken off the row.
CREATE UNIQUE INDEX chat_calls_by_request ON chat_calls (hospital_id, owner_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX chat_calls_by_session ON chat_calls (hospital_id, owner_id, session_id, created_at) WHERE session_id IS NOT NULL;
CREATE INDEX chat_calls_under_way ON chat_calls (created_at) WHERE state = 'STARTED';
CREATE INDEX chat_calls_by_age ON chat_calls (created_at);
