-- Local copies, fed by Identity's events; version is the account's there, so that a late event never undoes a newer one.
-- Whether a doctor takes appointments comes by an event of its own, hence with a version of its own.
CREATE TABLE people (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT people_id UNIQUE,
    role text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    is_available boolean NOT NULL DEFAULT true,
    available_version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hospital_id, id));
SELECT seal('people');
