-- Mails on their way out. A body holds a live link in clear, so a row is deleted as soon as its mail is sent or given up.
-- `next_attempt_at` also keeps a mail to the server that is sending it: nobody else takes it before that moment.

CREATE TABLE mail (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           TEXT    COLLATE "C" NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    recipient         TEXT    COLLATE "C" NOT NULL,
    subject           TEXT    COLLATE "C" NOT NULL,
    body              TEXT    COLLATE "C" NOT NULL,
    created_at        BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    attempts          BIGINT  NOT NULL,
    next_attempt_at   BIGINT  NOT NULL,
    last_error        TEXT    COLLATE "C"
);

CREATE INDEX mail_by_user ON mail (user_id);

CREATE INDEX mail_by_turn ON mail (next_attempt_at, id);
