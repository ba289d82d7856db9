CREATE TABLE IF NOT EXISTS login_attempt (
    bucket            VARBINARY(32)  NOT NULL PRIMARY KEY,
    refilled_at       BIGINT         NOT NULL,
    INDEX login_attempt_by_refill (refilled_at)
) ENGINE = InnoDB;
