-- Every order that a whole hospital's list can have, in an index that ends with the id: a page is read off it, however long the list is.
DROP INDEX users_by_name;
CREATE INDEX users_by_name ON users (hospital_id, last_name, first_name, id);
CREATE INDEX users_by_role ON users (hospital_id, role, last_name, first_name, id);
CREATE INDEX users_by_use ON users (hospital_id, is_active, last_name, first_name, id);
CREATE INDEX users_by_role_and_use ON users (hospital_id, role, is_active, last_name, first_name, id);
CREATE INDEX users_by_email ON users (hospital_id, email_key, id);
CREATE INDEX users_by_creation ON users (hospital_id, created_at, id);
CREATE INDEX users_by_role_and_creation ON users (hospital_id, role, created_at, id);
CREATE INDEX users_by_change ON users (hospital_id, updated_at, id);

CREATE INDEX patients_in_use_by_creation ON users (hospital_id, is_active, created_at, id) WHERE role = 'PATIENT';
CREATE INDEX patients_by_change ON users (hospital_id, updated_at, id) WHERE role = 'PATIENT';
CREATE INDEX patients_in_use_by_change ON users (hospital_id, is_active, updated_at, id) WHERE role = 'PATIENT';
CREATE INDEX patients_by_email ON users (hospital_id, email_key, id) WHERE role = 'PATIENT';
CREATE INDEX patients_in_use_by_email ON users (hospital_id, is_active, email_key, id) WHERE role = 'PATIENT';
CREATE INDEX patients_by_birth ON users (hospital_id, date_of_birth, id) WHERE role = 'PATIENT';
CREATE INDEX patients_in_use_by_birth ON users (hospital_id, is_active, date_of_birth, id) WHERE role = 'PATIENT';

-- Part of a name or address: an index of all their sequences of three letters, within a hospital.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
ALTER TABLE users ADD COLUMN searchable text NOT NULL GENERATED ALWAYS AS (first_name || ' ' || last_name || ' ' || email) STORED;
CREATE INDEX users_by_part ON users USING gin (hospital_id, searchable gin_trgm_ops);

-- Below row-level security PostgreSQL reads an index only by operators that it knows to tell nothing of the rows that they see. ILIKE tells nothing (its only error is about
-- the pattern), but is not marked so. Whoever may mark it does; where the tables' owner may not, a superuser has to once, and until then a search reads all people of the hospital.
DO $$ BEGIN
    ALTER FUNCTION pg_catalog.texticlike(text, text) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'Searching people needs a superuser to run: ALTER FUNCTION pg_catalog.texticlike(text, text) LEAKPROOF';
END $$;
