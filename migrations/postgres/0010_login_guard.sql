-- Wrong passwords in a row. A bucket is a keyed hash of what is counted together. `user_id`, where somebody has that name, is
-- there to forget them all at once, and refers to nothing, so that a name that nobody has costs the same.

CREATE TABLE login_guard (
    bucket            BYTEA   NOT NULL PRIMARY KEY,
    user_id           TEXT    COLLATE "C",
    failures          BIGINT  NOT NULL,
    allowed_at        BIGINT  NOT NULL
);

CREATE INDEX login_guard_by_user ON login_guard (user_id);

CREATE INDEX login_guard_by_time ON login_guard (allowed_at);
