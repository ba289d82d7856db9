CREATE TABLE IF NOT EXISTS session (
    id                CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    token_hash        VARBINARY(32)  NOT NULL UNIQUE,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind              VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status            VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    end_reason        VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin,
    browser           VARCHAR(200)   NOT NULL,
    ip                VARCHAR(45)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at        BIGINT         NOT NULL,
    authenticated_at  BIGINT         NOT NULL,
    last_seen_at      BIGINT         NOT NULL,
    expires_at        BIGINT         NOT NULL,
    ended_at          BIGINT,
    INDEX session_by_user (user_id, created_at),
    INDEX session_by_expiry (status, expires_at),
    INDEX session_by_end (ended_at),
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
