-- What people are found by: the words of their username and name without case and accents, each from every letter on, so that
-- what a word contains is what a row begins with. A row that begins with a space holds the first two letters of a word.
-- The server computes them, for SQL cannot. They refer to the username and not to the id, so that the index alone answers in
-- the order of the list.

CREATE TABLE search_term (
    term              TEXT    NOT NULL,
    username_folded   TEXT    NOT NULL REFERENCES user_account (username_folded) ON DELETE CASCADE,
    PRIMARY KEY (term, username_folded)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_term_by_user ON search_term (username_folded, term);
