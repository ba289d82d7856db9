-- The address that a link verifies, which becomes its person's when the link is followed. A table of its own and no column of
-- link_token: unlike a new column, a new table can be made again where MySQL was cut off.

CREATE TABLE IF NOT EXISTS link_email (
    token_hash        VARBINARY(32)  NOT NULL PRIMARY KEY,
    email             VARCHAR(254)   NOT NULL,
    FOREIGN KEY (token_hash) REFERENCES link_token (token_hash) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
