-- Refresh tokens are deleted once they have expired, by which nobody can use them again anyway: not only with their session, which may go on for weeks.
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);
