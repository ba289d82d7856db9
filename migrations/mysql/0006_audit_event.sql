-- Who did what to whom. No reference to the people: what happened stays known when an account is deleted.

CREATE TABLE IF NOT EXISTS audit_event (
    id                CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    at                BIGINT         NOT NULL,
    event             VARCHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id           CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin,
    actor_id          CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin,
    session_id        CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin,
    device            VARCHAR(200),
    ip                VARCHAR(45)    CHARACTER SET ascii COLLATE ascii_bin,
    detail            VARCHAR(1000),
    INDEX audit_event_by_user (user_id, id),
    INDEX audit_event_by_actor (actor_id, id),
    INDEX audit_event_by_event (event, id),
    INDEX audit_event_by_time (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
