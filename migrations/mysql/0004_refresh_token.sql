-- One row for each refresh token ever given out for a living session, so that one that comes back is known for what it is.

CREATE TABLE IF NOT EXISTS refresh_token (
    token_hash        VARBINARY(32)  NOT NULL PRIMARY KEY,
    session_id        CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    issued_at         BIGINT         NOT NULL,
    used_at           BIGINT,
    successor_hash    VARBINARY(32),
    INDEX refresh_token_by_session (session_id),
    FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
