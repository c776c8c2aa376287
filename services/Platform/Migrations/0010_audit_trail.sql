-- Creates what the audit trail of a service consists of; a service calls it in a migration of its own. In Clinical, whose tables are older, it adds what
-- they lack. Everything is only ever added to: the serving role can do nothing else. Only the service that lists the events has indexes for that.
CREATE FUNCTION create_audit_trail(serving name) RETURNS void LANGUAGE plpgsql AS $create$
BEGIN
    IF to_regclass('audit_events') IS NULL THEN
        -- Who saw or changed what, or tried to. hospital_id is all zeros where it concerned no hospital, or nobody knows which.
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
            trace_id text,
            client_id text,
            model text,
            PRIMARY KEY (hospital_id, id));
        PERFORM seal('audit_events');

        -- A hospital's chain: each link's hash covers the event, its place, and the hash of the link before.
        CREATE TABLE audit_links (
            hospital_id uuid NOT NULL,
            sequence bigint NOT NULL,
            event_id uuid NOT NULL,
            hash bytea NOT NULL,
            PRIMARY KEY (hospital_id, sequence),
            CONSTRAINT audit_links_once UNIQUE (hospital_id, event_id));
        PERFORM seal('audit_links');
        EXECUTE format('REVOKE UPDATE, DELETE ON audit_events, audit_links FROM %I', serving);

        -- The events that are not linked yet. Filled by the database itself, so that none is forgotten.
        CREATE TABLE audit_waiting (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            hospital_id uuid NOT NULL,
            event_id uuid NOT NULL,
            created_at timestamptz NOT NULL);
        PERFORM seal('audit_waiting');
        EXECUTE format('REVOKE UPDATE ON audit_waiting FROM %I', serving);

        EXECUTE $function$
            CREATE FUNCTION await_link() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO audit_waiting (hospital_id, event_id, created_at) SELECT hospital_id, id, created_at FROM added;
                RETURN NULL;
            END $$
            $function$;
        CREATE TRIGGER await_link AFTER INSERT ON audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_link();
    END IF;

    -- What an access was about; which parameters a change gave; and which service has recorded the event, where this is a copy of it.
    -- What was recorded before there were kinds is CLINICAL, which the chain's hashes leave out. A replica of a version before writes null.
    -- Emergency overrides are Clinical's, which alone fills their column.
    ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS emergency_override_id uuid, ADD COLUMN IF NOT EXISTS kind text DEFAULT 'CLINICAL',
        ADD COLUMN fields text[], ADD COLUMN service text;
END $create$;
