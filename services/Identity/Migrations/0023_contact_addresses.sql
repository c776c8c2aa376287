-- The address of a user is that at which the hospital reaches the user. A patient need not have one, and several users may have the same one.
ALTER TABLE users ALTER COLUMN email DROP NOT NULL, ALTER COLUMN email_key DROP NOT NULL;

-- Who has no address is found by name. The table is written anew, as by 0003_search; the column that the processes before that read goes with it.
DROP INDEX users_by_search;
ALTER TABLE users DROP COLUMN searchable, DROP COLUMN search_text;
ALTER TABLE users ADD COLUMN search_text text NOT NULL
    GENERATED ALWAYS AS (searchable_text(first_name || ' ' || last_name || coalesce(' ' || email, ''))) STORED;
CREATE INDEX users_by_search ON users USING gin (hospital_id, search_text gin_trgm_ops);

-- Users whom a login of another hospital is to open, once its owner has linked it by mail.
ALTER TABLE memberships ADD COLUMN awaits_login boolean NOT NULL DEFAULT false;
-- new_email is also the address to which an invitation or a reset was sent. Links without one, which an earlier version has sent, set no password.
ALTER TABLE account_links
    DROP CONSTRAINT account_links_purpose_check,
    ADD CONSTRAINT account_links_purpose_check CHECK (purpose IN
        ('INVITATION', 'PASSWORD_RESET', 'TEMPORARY_PASSWORD', 'EMAIL_CHANGE', 'EMAIL_CORRECTION', 'EMAIL_CHANGE_BY_OTHERS', 'EMAIL_CHANGE_REVIEW',
         'HOSPITAL_LINK'));
