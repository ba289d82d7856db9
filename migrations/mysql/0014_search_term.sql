-- What people are found by: the words of their username and name without case and accents, each from every letter on, so that
-- what a word contains is what a row begins with. A row that begins with a space holds the first two letters of a word.
-- The server computes them, for SQL cannot. They refer to the username and not to the id, so that the index alone answers in
-- the order of the list.

CREATE TABLE IF NOT EXISTS search_term (
    term              VARCHAR(100)   NOT NULL,
    username_folded   VARCHAR(255)   NOT NULL,
    PRIMARY KEY (term, username_folded),
    INDEX search_term_by_user (username_folded),
    FOREIGN KEY (username_folded) REFERENCES user_account (username_folded) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
