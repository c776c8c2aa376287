-- The trace that an access belongs to. Its id is made by the gateway, while a request_id may be one that the client chose. Null in what was recorded before, as the chain's
-- hashes want it.
ALTER TABLE audit_events ADD COLUMN trace_id text;
