-- The client program and the language model that made an access on behalf of the user. Null in what was recorded before, as the chain's hashes want it.
ALTER TABLE audit_events ADD COLUMN client_id text, ADD COLUMN model text;
