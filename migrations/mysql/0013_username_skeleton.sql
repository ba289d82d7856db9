-- Usernames as they look (UTS 39): the hash of a form in which confusable letters are the same. A username has one or two such
-- forms, and nobody gets a username of which somebody else has one. The server computes them, for SQL cannot. Of accounts older
-- than this table that look alike, the first has the row.

CREATE TABLE IF NOT EXISTS username_skeleton (
    skeleton_hash     VARBINARY(32)  NOT NULL PRIMARY KEY,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    INDEX username_skeleton_by_user (user_id),
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
