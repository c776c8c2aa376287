-- The key that made a link's hash, by its id: the secret of the chain can be replaced, and what a former one made stays verifiable. id_hash proves which
-- event was there, also when the event is no longer kept. Both are null in links that are older.
ALTER TABLE audit_links ADD COLUMN key_id text, ADD COLUMN id_hash bytea;
