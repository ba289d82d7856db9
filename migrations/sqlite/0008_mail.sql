-- Mails on their way out. A body holds a live link in clear, so a row is deleted as soon as its mail is sent or given up.
-- `next_attempt_at` also keeps a mail to the server that is sending it: nobody else takes it before that moment.

CREATE TABLE mail (
    id                TEXT    NOT NULL PRIMARY KEY,
    user_id           TEXT    NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    recipient         TEXT    NOT NULL,
    subject           TEXT    NOT NULL,
    body              TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    attempts          INTEGER NOT NULL,
    next_attempt_at   INTEGER NOT NULL,
    last_error        TEXT
) STRICT;

CREATE INDEX mail_by_user ON mail (user_id);

CREATE INDEX mail_by_turn ON mail (next_attempt_at, id);
