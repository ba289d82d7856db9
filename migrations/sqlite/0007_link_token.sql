-- Links that are good for one use. Following one deletes it.

CREATE TABLE link_token (
    token_hash        BLOB    NOT NULL PRIMARY KEY,
    purpose           TEXT    NOT NULL,
    user_id           TEXT    REFERENCES user_account (id) ON DELETE CASCADE,
    expires_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX link_token_by_user ON link_token (user_id);

CREATE INDEX link_token_by_expiry ON link_token (expires_at);
