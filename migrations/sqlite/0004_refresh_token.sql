-- One row for each refresh token ever given out for a living session, so that one that comes back is known for what it is.

CREATE TABLE refresh_token (
    token_hash        BLOB    NOT NULL PRIMARY KEY,
    session_id        TEXT    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    issued_at         INTEGER NOT NULL,
    used_at           INTEGER,
    successor_hash    BLOB
) STRICT;

CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
