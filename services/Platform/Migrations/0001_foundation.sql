-- What every service's database has: the seal between hospitals, the outbox, the inbox.

-- Seals a table: only rows of the hospital that the transaction was opened for can be seen or written ('*': the platform).
-- Forced, so that it binds the owner too. Without a context nothing is visible. In subqueries, so that the setting is read once a statement, not once a row.
CREATE FUNCTION seal(sealed regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', sealed);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', sealed);
    EXECUTE format($policy$CREATE POLICY hospital ON %s
        USING (hospital_id = (SELECT nullif(nullif(current_setting('medcor.hospital', true), ''), '*')::uuid)
            OR (SELECT current_setting('medcor.hospital', true) = '*'))$policy$, sealed);
END $$;

-- What happened and is still to be told (dispatched_at is null), or was told. Commits with the change that it tells.
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    hospital_id uuid,
    type text NOT NULL,
    body text NOT NULL,
    traceparent text,
    occurred_at timestamptz NOT NULL,
    dispatched_at timestamptz);
CREATE INDEX outbox_waiting ON outbox (position) WHERE dispatched_at IS NULL;
SELECT seal('outbox');

-- Which events were handled. Commits with their effect, so that one that comes again changes nothing.
CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    handled_at timestamptz NOT NULL DEFAULT now());
