-- The address that a link verifies, which becomes its person's when the link is followed. A table of its own and no column of
-- link_token: unlike a new column, a new table can be made again where MySQL was cut off.

CREATE TABLE link_email (
    token_hash        BYTEA   NOT NULL PRIMARY KEY REFERENCES link_token (token_hash) ON DELETE CASCADE,
    email             TEXT    COLLATE "C" NOT NULL
);
