//! The tables and their columns, in an order in which every row finds what it refers to.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Bytes,
    Boolean,
}

/// A table, whose first column is its primary key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub name: &'static str,
    /// Whether a restored backup brings its rows back. What lets somebody in may have been taken back since, and does not
    /// come back; nor does what is only true for a moment.
    pub is_restored: bool,
    pub columns: &'static [(&'static str, Kind)],
}

use Kind::{Boolean, Bytes, Integer, Text};

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "user_account",
        is_restored: true,
        columns: &[
            ("id", Text),
            ("username", Text),
            ("username_folded", Text),
            ("email", Text),
            ("email_folded", Text),
            ("full_name", Text),
            ("full_name_folded", Text),
            ("role", Text),
            ("password_hash", Text),
            ("disabled", Boolean),
            ("created_at", Integer),
            ("last_login_at", Integer),
        ],
    },
    Table {
        name: "session",
        // As history: each has ended.
        is_restored: true,
        columns: &[
            ("id", Text),
            ("token_hash", Bytes),
            ("user_id", Text),
            ("kind", Text),
            ("status", Text),
            ("end_reason", Text),
            ("browser", Text),
            ("ip", Text),
            ("created_at", Integer),
            ("authenticated_at", Integer),
            ("last_seen_at", Integer),
            ("expires_at", Integer),
            ("ended_at", Integer),
        ],
    },
    Table {
        name: "refresh_token",
        // Their sessions have ended, which is what their holders are told.
        is_restored: true,
        columns: &[
            ("token_hash", Bytes),
            ("session_id", Text),
            ("issued_at", Integer),
            ("used_at", Integer),
            ("successor_hash", Bytes),
        ],
    },
    Table {
        name: "api_token",
        is_restored: false,
        columns: &[
            ("id", Text),
            ("token_hash", Bytes),
            ("user_id", Text),
            ("name", Text),
            ("scopes", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("last_used_at", Integer),
        ],
    },
    Table {
        name: "audit_event",
        is_restored: true,
        columns: &[
            ("id", Text),
            ("at", Integer),
            ("event", Text),
            ("user_id", Text),
            ("actor_id", Text),
            ("session_id", Text),
            ("device", Text),
            ("ip", Text),
            ("detail", Text),
        ],
    },
    Table {
        name: "link_token",
        is_restored: false,
        columns: &[("token_hash", Bytes), ("purpose", Text), ("user_id", Text), ("expires_at", Integer)],
    },
    Table { name: "link_email", is_restored: false, columns: &[("token_hash", Bytes), ("email", Text)] },
    Table {
        name: "mail",
        is_restored: false,
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("recipient", Text),
            ("subject", Text),
            ("body", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("attempts", Integer),
            ("next_attempt_at", Integer),
            ("last_error", Text),
        ],
    },
    Table { name: "admin_turn", is_restored: false, columns: &[("id", Integer)] },
    Table { name: "login_attempt", is_restored: false, columns: &[("bucket", Bytes), ("refilled_at", Integer)] },
    Table {
        name: "login_guard",
        is_restored: false,
        columns: &[("bucket", Bytes), ("user_id", Text), ("failures", Integer), ("allowed_at", Integer)],
    },
];

/// What the server computes from other tables, and computes again where it is missing: neither copied nor restored.
pub(super) const DERIVED: &[Table] = &[
    Table { name: "search_term", is_restored: false, columns: &[("term", Text), ("username_folded", Text)] },
    Table { name: "username_skeleton", is_restored: false, columns: &[("skeleton_hash", Bytes), ("user_id", Text)] },
    Table {
        name: "name_index",
        is_restored: false,
        columns: &[("user_id", Text), ("form", Integer), ("names_hash", Bytes)],
    },
];
