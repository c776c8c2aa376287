-- Local copies of what other services own, fed by their events. A service that needs none leaves the table empty.
CREATE TABLE known_hospitals (
    hospital_id uuid PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL);
SELECT seal('known_hospitals');

-- hospital_id is null for platform administrators.
CREATE TABLE known_users (
    user_id uuid PRIMARY KEY,
    hospital_id uuid,
    role text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL);
CREATE INDEX known_users_by_role ON known_users (hospital_id, role) WHERE is_active;
SELECT seal('known_users');
