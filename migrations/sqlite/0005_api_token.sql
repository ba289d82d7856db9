-- Opaque tokens for scripts. `scopes` holds words separated by spaces (RFC 6749 section 3.3).

CREATE TABLE api_token (
    id                TEXT    NOT NULL PRIMARY KEY,
    token_hash        BLOB    NOT NULL UNIQUE,
    user_id           TEXT    NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    name              TEXT    NOT NULL,
    scopes            TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    last_used_at      INTEGER
) STRICT;

CREATE INDEX api_token_by_user ON api_token (user_id, id);

CREATE INDEX api_token_by_expiry ON api_token (expires_at);
