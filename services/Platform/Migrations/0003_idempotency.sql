-- The writes that were called with an Idempotency-Key, and what they answered. Commits with the write.
CREATE TABLE recorded_calls (
    caller_id uuid NOT NULL,
    key text NOT NULL,
    hospital_id uuid,
    tool text NOT NULL,
    params_hash bytea NOT NULL,
    result text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (caller_id, key));
SELECT seal('recorded_calls');

-- For sweeping out what has served its time.
CREATE INDEX recorded_calls_by_age ON recorded_calls (recorded_at);
CREATE INDEX inbox_by_age ON inbox (handled_at);
CREATE INDEX outbox_by_age ON outbox (dispatched_at) WHERE dispatched_at IS NOT NULL;
