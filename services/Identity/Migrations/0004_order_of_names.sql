-- Lists by name come in a people's order: Ö beside O, and case decides between equals alone (Unicode's root collation, by PostgreSQL's ICU). The indexes have it, and so have the statements that read them.
-- It is deterministic, so what is equal stays so. Columns, what is computed of them and what is unique keep the database's own collation, and no row is written anew.
-- Where the table must not be held for as long as these take, each can be built beforehand with CREATE INDEX CONCURRENTLY under its name.
CREATE INDEX IF NOT EXISTS users_by_ordered_name ON users (hospital_id, last_name COLLATE "und-x-icu", first_name COLLATE "und-x-icu", id);
CREATE INDEX IF NOT EXISTS users_by_role_and_ordered_name ON users (hospital_id, role, last_name COLLATE "und-x-icu", first_name COLLATE "und-x-icu", id);
CREATE INDEX IF NOT EXISTS users_by_use_and_ordered_name ON users (hospital_id, is_active, last_name COLLATE "und-x-icu", first_name COLLATE "und-x-icu", id);
CREATE INDEX IF NOT EXISTS users_by_role_use_and_ordered_name ON users (hospital_id, role, is_active, last_name COLLATE "und-x-icu", first_name COLLATE "und-x-icu", id);
-- users_by_name, users_by_role, users_by_use and users_by_role_and_use stay for processes of the version before, which sort by the names' characters.
