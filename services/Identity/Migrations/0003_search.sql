-- What people are found by, and its trigrams within a hospital. Read below row-level security by ILIKE, as 0002_lists says.
-- The column "searchable" stays for processes of the version before; they read it without an index.
ALTER TABLE users ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (searchable_text(first_name || ' ' || last_name || ' ' || email)) STORED;
DROP INDEX users_by_part;
CREATE INDEX users_by_search ON users USING gin (hospital_id, search_text gin_trgm_ops);
