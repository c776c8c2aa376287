-- Who saw or changed clinical content, or tried to. Only ever added to: the serving role can do nothing else.
-- hospital_id is all zeros where an access of the platform's administrators concerned no hospital.
CREATE TABLE audit_events (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    session_id uuid NOT NULL,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id uuid,
    resource_ids uuid[],
    resource_version bigint,
    patient_id uuid,
    rows integer NOT NULL,
    outcome text NOT NULL,
    client_address text,
    peer_address text,
    request_id text NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('audit_events');
REVOKE UPDATE, DELETE ON audit_events FROM medcor_clinical;

CREATE INDEX audit_events_by_creation ON audit_events (hospital_id, created_at, id);
CREATE INDEX audit_events_by_patient ON audit_events (hospital_id, patient_id, created_at, id);
CREATE INDEX audit_events_by_user ON audit_events (hospital_id, user_id, created_at, id);
CREATE INDEX audit_events_by_resource ON audit_events (hospital_id, resource, created_at, id);
CREATE INDEX audit_events_by_resource_id ON audit_events (hospital_id, resource_id, created_at, id) WHERE resource_id IS NOT NULL;
CREATE INDEX audit_events_by_action ON audit_events (hospital_id, action, created_at, id);

-- A hospital's chain: each link's hash covers the event, its place, and the hash of the link before. Drawn a moment later by one replica at a time, so that no access
-- waits for another.
CREATE TABLE audit_links (
    hospital_id uuid NOT NULL,
    sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (hospital_id, sequence),
    CONSTRAINT audit_links_once UNIQUE (hospital_id, event_id));
SELECT seal('audit_links');
REVOKE UPDATE, DELETE ON audit_links FROM medcor_clinical;

-- The events that are not linked yet. Filled by the database itself, so that none is forgotten.
CREATE TABLE audit_waiting (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hospital_id uuid NOT NULL,
    event_id uuid NOT NULL,
    created_at timestamptz NOT NULL);
SELECT seal('audit_waiting');
REVOKE UPDATE ON audit_waiting FROM medcor_clinical;

CREATE FUNCTION await_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (hospital_id, event_id, created_at) SELECT hospital_id, id, created_at FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER await_link AFTER INSERT ON audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_link();
