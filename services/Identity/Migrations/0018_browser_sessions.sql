-- A login in a browser, on MedCor's pages, is a session without tokens: its cookie names it.
ALTER TABLE sessions ADD COLUMN is_browser boolean NOT NULL DEFAULT false;
