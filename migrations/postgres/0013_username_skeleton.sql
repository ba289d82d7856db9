-- Usernames as they look (UTS 39): the hash of a form in which confusable letters are the same. A username has one or two such
-- forms, and nobody gets a username of which somebody else has one. The server computes them, for SQL cannot. Of accounts older
-- than this table that look alike, the first has the row.

CREATE TABLE username_skeleton (
    skeleton_hash     BYTEA   NOT NULL PRIMARY KEY,
    user_id           TEXT    COLLATE "C" NOT NULL REFERENCES user_account (id) ON DELETE CASCADE
);

CREATE INDEX username_skeleton_by_user ON username_skeleton (user_id);
