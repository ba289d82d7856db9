-- Links that are good for one use. Following one deletes it.

CREATE TABLE IF NOT EXISTS link_token (
    token_hash        VARBINARY(32)  NOT NULL PRIMARY KEY,
    purpose           VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin,
    expires_at        BIGINT         NOT NULL,
    INDEX link_token_by_user (user_id),
    INDEX link_token_by_expiry (expires_at),
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
