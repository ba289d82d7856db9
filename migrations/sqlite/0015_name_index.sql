-- For which accounts username_skeleton and search_term have been computed: by which version of the rules, and of which names.

CREATE TABLE name_index (
    user_id           TEXT    NOT NULL PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    form              INTEGER NOT NULL,
    names_hash        BLOB    NOT NULL
) STRICT;
