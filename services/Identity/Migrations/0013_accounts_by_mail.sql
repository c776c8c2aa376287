-- Mails that wait to be sent, without their texts: what a mail says, and the link in it, is made when it is sent. Its row is deleted then.
-- A reset names the address that was typed, and no user: whether anybody has it is looked up when the mail is sent, so that the answer does not depend on it.
CREATE TABLE mails (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    user_id uuid REFERENCES users,
    recipient text,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    CHECK (user_id IS NOT NULL OR recipient IS NOT NULL));
CREATE INDEX mails_by_due ON mails (due_at);
CREATE INDEX mails_by_expiry ON mails (expires_at);
CREATE INDEX mails_by_user ON mails (user_id);
CREATE UNIQUE INDEX mails_one_reset ON mails (recipient) WHERE user_id IS NULL;

-- Links that open one thing of an account, once. Only their SHA-256. new_email: the address that the link confirms.
CREATE TABLE account_links (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    purpose text NOT NULL CHECK (purpose IN ('INVITATION', 'PASSWORD_RESET', 'TEMPORARY_PASSWORD', 'EMAIL_CHANGE')),
    new_email text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    spent_at timestamptz);
CREATE INDEX account_links_by_user ON account_links (user_id, purpose);
CREATE INDEX account_links_by_expiry ON account_links (expires_at);

-- Who was invited has no password until they choose one. A password that somebody else chose is temporary.
ALTER TABLE credentials ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE credentials ADD COLUMN has_temporary_password boolean NOT NULL DEFAULT false, ADD COLUMN email_verified_at timestamptz;
ALTER TABLE sign_in_policies ADD COLUMN accepts_chosen_passwords boolean NOT NULL DEFAULT false;
