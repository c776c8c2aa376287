-- What the OAuth 2.1 and OpenID Connect server keeps (OpenIddict's entities), and the keys that protect its cookies and forms.

-- The programs that may ask for access: registered by themselves (RFC 7591), by their metadata document, or by an operator.
CREATE TABLE oauth_applications (
    id uuid PRIMARY KEY,
    application_type text,
    client_id text CONSTRAINT oauth_applications_client_id UNIQUE,
    client_secret text,
    client_type text,
    concurrency_token text,
    consent_type text,
    display_name text,
    display_names text,
    json_web_key_set text,
    permissions text,
    post_logout_redirect_uris text,
    properties text,
    redirect_uris text,
    requirements text,
    settings text);

-- What a person has allowed an application: one row for each consent, with the session that began with it in the properties.
CREATE TABLE oauth_authorizations (
    id uuid PRIMARY KEY,
    application_id uuid REFERENCES oauth_applications,
    concurrency_token text,
    creation_date timestamptz,
    properties text,
    scopes text,
    status text,
    subject text,
    type text);
CREATE INDEX oauth_authorizations_by_application ON oauth_authorizations (application_id, status, subject, type);

CREATE TABLE oauth_scopes (
    id uuid PRIMARY KEY,
    concurrency_token text,
    description text,
    descriptions text,
    display_name text,
    display_names text,
    name text UNIQUE,
    properties text,
    resources text);

-- Authorization codes and refresh tokens, by reference, and the entries of access tokens. Payloads are encrypted.
CREATE TABLE oauth_tokens (
    id uuid PRIMARY KEY,
    application_id uuid REFERENCES oauth_applications,
    authorization_id uuid REFERENCES oauth_authorizations,
    concurrency_token text,
    creation_date timestamptz,
    expiration_date timestamptz,
    payload text,
    properties text,
    redemption_date timestamptz,
    reference_id text CONSTRAINT oauth_tokens_reference_id UNIQUE,
    status text,
    subject text,
    type text);
CREATE INDEX oauth_tokens_by_application ON oauth_tokens (application_id, status, subject, type);
CREATE INDEX oauth_tokens_by_authorization ON oauth_tokens (authorization_id);
CREATE INDEX oauth_tokens_by_expiry ON oauth_tokens (expiration_date);

-- The keys of ASP.NET Core's Data Protection, encrypted with a secret that is not in the database.
CREATE TABLE data_protection_keys (
    name text PRIMARY KEY,
    encrypted_xml bytea NOT NULL,
    created_at timestamptz NOT NULL);
