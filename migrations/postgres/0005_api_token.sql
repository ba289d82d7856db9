-- Opaque tokens for scripts. `scopes` holds words separated by spaces (RFC 6749 section 3.3).

CREATE TABLE api_token (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash        BYTEA   NOT NULL UNIQUE,
    user_id           TEXT    COLLATE "C" NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    name              TEXT    COLLATE "C" NOT NULL,
    scopes            TEXT    COLLATE "C" NOT NULL,
    created_at        BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    last_used_at      BIGINT
);

CREATE INDEX api_token_by_user ON api_token (user_id, id);

CREATE INDEX api_token_by_expiry ON api_token (expires_at);
