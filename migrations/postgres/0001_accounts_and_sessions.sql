-- Times are Unix microseconds, UTC. Hashes are 32 raw bytes. Folded columns hold the text as it is compared.
-- COLLATE "C" compares bytes, so that order and equality are those of the other databases.

CREATE TABLE user_account (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    username          TEXT    COLLATE "C" NOT NULL,
    username_folded   TEXT    COLLATE "C" NOT NULL UNIQUE,
    email             TEXT    COLLATE "C",
    email_folded      TEXT    COLLATE "C" UNIQUE,
    full_name         TEXT    COLLATE "C" NOT NULL,
    full_name_folded  TEXT    COLLATE "C" NOT NULL,
    role              TEXT    COLLATE "C" NOT NULL,
    password_hash     TEXT    COLLATE "C" NOT NULL,
    disabled          BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    last_login_at     BIGINT
);

CREATE TABLE session (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash        BYTEA   NOT NULL UNIQUE,
    user_id           TEXT    COLLATE "C" NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    kind              TEXT    COLLATE "C" NOT NULL,
    status            TEXT    COLLATE "C" NOT NULL,
    end_reason        TEXT    COLLATE "C",
    browser           TEXT    COLLATE "C" NOT NULL,
    ip                TEXT    COLLATE "C" NOT NULL,
    created_at        BIGINT  NOT NULL,
    authenticated_at  BIGINT  NOT NULL,
    last_seen_at      BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    ended_at          BIGINT
);

CREATE INDEX session_by_user ON session (user_id, created_at);

CREATE INDEX session_by_expiry ON session (status, expires_at);

CREATE INDEX session_by_end ON session (ended_at);

CREATE TABLE login_attempt (
    bucket            BYTEA   NOT NULL PRIMARY KEY,
    refilled_at       BIGINT  NOT NULL
);

CREATE INDEX login_attempt_by_refill ON login_attempt (refilled_at);
