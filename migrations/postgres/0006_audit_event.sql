-- Who did what to whom. No reference to the people: what happened stays known when an account is deleted.

CREATE TABLE audit_event (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    at                BIGINT  NOT NULL,
    event             TEXT    COLLATE "C" NOT NULL,
    user_id           TEXT    COLLATE "C",
    actor_id          TEXT    COLLATE "C",
    session_id        TEXT    COLLATE "C",
    device            TEXT    COLLATE "C",
    ip                TEXT    COLLATE "C",
    detail            TEXT    COLLATE "C"
);

CREATE INDEX audit_event_by_user ON audit_event (user_id, id);

CREATE INDEX audit_event_by_actor ON audit_event (actor_id, id);

CREATE INDEX audit_event_by_event ON audit_event (event, id);

CREATE INDEX audit_event_by_time ON audit_event (at);
