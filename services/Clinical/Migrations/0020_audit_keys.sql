-- The key that made a link's hash, by its id: the secret of the chain can be replaced, and what a former one made stays verifiable. id_hash proves which
-- event was there, also when the event is no longer kept. Both are null in links that are older.
ALTER TABLE audit_links ADD COLUMN key_id text, ADD COLUMN id_hash bytea;

-- While pods are replaced, and after a return to the version before, a process that does not know these columns links nothing: it does not know the newer
-- columns of the events either, and its hashes would not cover them.
ALTER TABLE audit_links ADD CONSTRAINT audit_links_key CHECK (key_id IS NOT NULL AND id_hash IS NOT NULL) NOT VALID;
