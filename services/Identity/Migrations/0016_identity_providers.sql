-- The OpenID Connect provider through which the staff of a hospital sign in. It is in use once it has an issuer, a client ID and a client secret.
-- subdomain: that of the hospital, which does not change; users name it on the login page. encrypted_client_secret: with a secret that is not in the database.
-- role_mappings: as JSON, in the order in which they apply.
CREATE TABLE identity_providers (
    hospital_id uuid PRIMARY KEY REFERENCES known_hospitals,
    subdomain text NOT NULL CONSTRAINT identity_providers_subdomain UNIQUE,
    issuer text,
    client_id text,
    encrypted_client_secret bytea,
    email_domains text[] NOT NULL,
    role_claim text,
    role_mappings text NOT NULL,
    create_users boolean NOT NULL,
    is_required boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
SELECT seal('identity_providers');

-- Who a user is at the provider of the hospital: one subject for each user, and one user for each subject.
CREATE TABLE identity_links (
    hospital_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, issuer, subject),
    CONSTRAINT identity_links_user UNIQUE (hospital_id, user_id),
    FOREIGN KEY (hospital_id, user_id) REFERENCES users (hospital_id, id));
SELECT seal('identity_links');
