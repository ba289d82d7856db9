-- For which accounts username_skeleton and search_term have been computed: by which version of the rules, and of which names.

CREATE TABLE name_index (
    user_id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    form              BIGINT  NOT NULL,
    names_hash        BYTEA   NOT NULL
);
