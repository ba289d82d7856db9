-- Links that are good for one use. Following one deletes it.

CREATE TABLE link_token (
    token_hash        BYTEA   NOT NULL PRIMARY KEY,
    purpose           TEXT    COLLATE "C" NOT NULL,
    user_id           TEXT    COLLATE "C" REFERENCES user_account (id) ON DELETE CASCADE,
    expires_at        BIGINT  NOT NULL
);

CREATE INDEX link_token_by_user ON link_token (user_id);

CREATE INDEX link_token_by_expiry ON link_token (expires_at);
