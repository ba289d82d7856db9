-- Opaque tokens for scripts. `scopes` holds words separated by spaces (RFC 6749 section 3.3).

CREATE TABLE IF NOT EXISTS api_token (
    id                CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    token_hash        VARBINARY(32)  NOT NULL UNIQUE,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name              VARCHAR(100)   NOT NULL,
    scopes            VARCHAR(255)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at        BIGINT         NOT NULL,
    expires_at        BIGINT         NOT NULL,
    last_used_at      BIGINT,
    INDEX api_token_by_user (user_id, id),
    INDEX api_token_by_expiry (expires_at),
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
