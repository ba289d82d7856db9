-- Wrong passwords in a row. A bucket is a keyed hash of what is counted together. `user_id`, where somebody has that name, is
-- there to forget them all at once, and refers to nothing, so that a name that nobody has costs the same.

CREATE TABLE login_guard (
    bucket            BLOB    NOT NULL PRIMARY KEY,
    user_id           TEXT,
    failures          INTEGER NOT NULL,
    allowed_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX login_guard_by_user ON login_guard (user_id);

CREATE INDEX login_guard_by_time ON login_guard (allowed_at);
