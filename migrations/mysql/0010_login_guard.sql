-- Wrong passwords in a row. A bucket is a keyed hash of what is counted together. `user_id`, where somebody has that name, is
-- there to forget them all at once, and refers to nothing, so that a name that nobody has costs the same.

CREATE TABLE IF NOT EXISTS login_guard (
    bucket            VARBINARY(32)  NOT NULL PRIMARY KEY,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin,
    failures          BIGINT         NOT NULL,
    allowed_at        BIGINT         NOT NULL,
    INDEX login_guard_by_user (user_id),
    INDEX login_guard_by_time (allowed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
