-- Local copies, fed by Identity's events; version is the account's there, so that a late event never undoes a newer one.
-- Whether a doctor takes appointments comes by an event of its own, hence with a version of its own.
CREATE TABLE people (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    role text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    is_available boolean NOT NULL DEFAULT true,
    available_version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hospital_id, id));
-- For the platform, which knows only the id. Not unique: an upsert has one index to settle on, and a second unique one would fail it in a race.
CREATE INDEX people_by_id ON people (id);
SELECT seal('people');
