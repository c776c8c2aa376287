-- The key that made a link's hash, by its id: the secret of the chain can be replaced, and what a former one made stays verifiable. Null in links that are older.
ALTER TABLE audit_links ADD COLUMN key_id text;
