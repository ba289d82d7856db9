-- One row for each refresh token ever given out for a living session, so that one that comes back is known for what it is.

CREATE TABLE refresh_token (
    token_hash        BYTEA   NOT NULL PRIMARY KEY,
    session_id        TEXT    COLLATE "C" NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    issued_at         BIGINT  NOT NULL,
    used_at           BIGINT,
    successor_hash    BYTEA
);

CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
