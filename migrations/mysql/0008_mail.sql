-- Mails on their way out. A body holds a live link in clear, so a row is deleted as soon as its mail is sent or given up.
-- `next_attempt_at` also keeps a mail to the server that is sending it: nobody else takes it before that moment.

CREATE TABLE IF NOT EXISTS mail (
    id                CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    recipient         VARCHAR(1000)  NOT NULL,
    subject           VARCHAR(200)   NOT NULL,
    body              TEXT           NOT NULL,
    created_at        BIGINT         NOT NULL,
    expires_at        BIGINT         NOT NULL,
    attempts          BIGINT         NOT NULL,
    next_attempt_at   BIGINT         NOT NULL,
    last_error        VARCHAR(1000),
    INDEX mail_by_user (user_id),
    INDEX mail_by_turn (next_attempt_at, id),
    FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
