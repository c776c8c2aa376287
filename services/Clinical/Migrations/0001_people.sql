-- Local copies, fed by the events of their owners; version is the owner's, so that a late event never undoes a newer one.
CREATE TABLE hospitals (
    hospital_id uuid PRIMARY KEY,
    time_zone text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL);
SELECT seal('hospitals');

CREATE TABLE people (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT people_id UNIQUE,
    role text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('people');
