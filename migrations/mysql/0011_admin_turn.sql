-- Empty to everybody: who takes an administrator away puts its one row in and out again within their transaction. Two that do so
-- on two nodes of a Galera cluster collide in it, which locked rows that stay as they are would not make them.

CREATE TABLE IF NOT EXISTS admin_turn (
    id                BIGINT         NOT NULL PRIMARY KEY
) ENGINE = InnoDB;
