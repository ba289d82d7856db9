-- For which accounts username_skeleton and search_term have been computed: by which version of the rules, and of which names.

CREATE TABLE IF NOT EXISTS name_index (
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    form              BIGINT         NOT NULL,
    names_hash        VARBINARY(32)  NOT NULL,
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
