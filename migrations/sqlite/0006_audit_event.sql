-- Who did what to whom. No reference to the people: what happened stays known when an account is deleted.

CREATE TABLE audit_event (
    id                TEXT    NOT NULL PRIMARY KEY,
    at                INTEGER NOT NULL,
    event             TEXT    NOT NULL,
    user_id           TEXT,
    actor_id          TEXT,
    session_id        TEXT,
    device            TEXT,
    ip                TEXT,
    detail            TEXT
) STRICT;

CREATE INDEX audit_event_by_user ON audit_event (user_id, id);

CREATE INDEX audit_event_by_actor ON audit_event (actor_id, id);

CREATE INDEX audit_event_by_event ON audit_event (event, id);

CREATE INDEX audit_event_by_time ON audit_event (at);
