-- The keys that encrypt the texts of each hospital, wrapped with the secret of the service's configuration; of the nil hospital those of rows that belong to none.
-- The key that is not retired encrypts what is written. wrapped is null once the keys of the hospital are destroyed; the row then keeps a new key from being made.
-- The last four columns are the place of the job that encrypts the hospital's rows with this key: the table, the last row of it, and the end.
CREATE TABLE data_keys (
    id uuid PRIMARY KEY,
    hospital_id uuid NOT NULL,
    wrapped bytea,
    secret_id text NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    at_table text NOT NULL DEFAULT '',
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    after_number bigint NOT NULL DEFAULT 0,
    reencrypted_at timestamptz);
SELECT seal('data_keys');

CREATE UNIQUE INDEX data_keys_in_use ON data_keys (hospital_id) WHERE retired_at IS NULL;
CREATE INDEX data_keys_by_hospital ON data_keys (hospital_id);

-- Has a row as long as texts are not encrypted yet: in a database of a version that did not encrypt, whose processes run beside new ones during the upgrade and could not read
-- encrypted texts, until an operator starts the encryption. A new database has none.
CREATE TABLE encryption_not_started (since timestamptz PRIMARY KEY);
SELECT set_config('medcor.hospital', '*', true);
INSERT INTO encryption_not_started SELECT now() WHERE EXISTS (SELECT FROM known_hospitals);
