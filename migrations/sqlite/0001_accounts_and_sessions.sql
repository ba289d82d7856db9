-- Times are Unix microseconds, UTC. Hashes are 32 raw bytes. Folded columns hold the text as it is compared.

CREATE TABLE user_account (
    id                TEXT    NOT NULL PRIMARY KEY,
    username          TEXT    NOT NULL,
    username_folded   TEXT    NOT NULL UNIQUE,
    email             TEXT,
    email_folded      TEXT    UNIQUE,
    full_name         TEXT    NOT NULL,
    full_name_folded  TEXT    NOT NULL,
    role              TEXT    NOT NULL,
    password_hash     TEXT    NOT NULL,
    disabled          INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    last_login_at     INTEGER
) STRICT;

CREATE TABLE session (
    id                TEXT    NOT NULL PRIMARY KEY,
    token_hash        BLOB    NOT NULL UNIQUE,
    user_id           TEXT    NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    kind              TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    end_reason        TEXT,
    browser           TEXT    NOT NULL,
    ip                TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    authenticated_at  INTEGER NOT NULL,
    last_seen_at      INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    ended_at          INTEGER
) STRICT;

CREATE INDEX session_by_user ON session (user_id, created_at);

CREATE INDEX session_by_expiry ON session (status, expires_at);

CREATE INDEX session_by_end ON session (ended_at);

CREATE TABLE login_attempt (
    bucket            BLOB    NOT NULL PRIMARY KEY,
    refilled_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX login_attempt_by_refill ON login_attempt (refilled_at);
