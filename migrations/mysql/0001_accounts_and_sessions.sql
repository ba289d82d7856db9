-- Times are Unix microseconds, UTC. Hashes are 32 raw bytes. Folded columns hold the text as it is compared.
-- MySQL commits after each change of the schema, so a file makes one, in a form that can be run again.
-- Binary collations compare code points, so that order and equality are those of the other databases.

CREATE TABLE IF NOT EXISTS user_account (
    id                CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    username          VARCHAR(64)    NOT NULL,
    username_folded   VARCHAR(255)   NOT NULL UNIQUE,
    email             VARCHAR(254),
    email_folded      VARCHAR(255)   UNIQUE,
    full_name         VARCHAR(200)   NOT NULL,
    full_name_folded  TEXT           NOT NULL,
    role              VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    password_hash     VARCHAR(1024)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    disabled          BOOLEAN        NOT NULL,
    created_at        BIGINT         NOT NULL,
    last_login_at     BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
