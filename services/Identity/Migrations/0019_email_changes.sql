-- Changes of addresses that somebody else than the user has requested. Until effective_at the user can object; a row that is gone was stopped, or is done.
CREATE TABLE email_changes (
    user_id uuid PRIMARY KEY REFERENCES users,
    new_email text NOT NULL,
    effective_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);

ALTER TABLE account_links
    DROP CONSTRAINT account_links_purpose_check,
    ADD CONSTRAINT account_links_purpose_check CHECK (purpose IN
        ('INVITATION', 'PASSWORD_RESET', 'TEMPORARY_PASSWORD', 'EMAIL_CHANGE', 'EMAIL_CHANGE_BY_OTHERS', 'EMAIL_CHANGE_REVIEW'));
