-- The tenants. A hospital's own id is its hospital_id: it sees itself and no other.
CREATE TABLE hospitals (
    id uuid PRIMARY KEY,
    hospital_id uuid NOT NULL UNIQUE CHECK (hospital_id = id),
    name text NOT NULL,
    subdomain text NOT NULL CONSTRAINT hospitals_subdomain UNIQUE,
    registration_number text NOT NULL CONSTRAINT hospitals_registration_number UNIQUE,
    email text NOT NULL,
    phone_number text NOT NULL,
    address_line1 text NOT NULL,
    address_line2 text,
    city text NOT NULL,
    state text,
    country text NOT NULL,
    postal_code text NOT NULL,
    hospital_type text NOT NULL,
    time_zone text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
SELECT seal('hospitals');
