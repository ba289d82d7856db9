import type { AuditEvent } from "#api/gen/types.gen.ts";

const ownSentences: Record<AuditEvent, string> = {
  login_succeeded: "You signed in",
  reauthenticated: "You entered your password again",
  sign_in_confirmed: "You said that a sign-in was yours",
  sign_in_denied: "You said that a sign-in was not yours; its session was ended",
  login_failed: "Somebody tried to sign in with a wrong password",
  login_throttled: "Somebody tried wrong passwords too often and has to wait",
  logged_out: "You signed out",
  session_ended: "A session was ended",
  sessions_ended: "Sessions were ended",
  refresh_token_reused: "A stolen refresh token was used; its session was ended",
  password_changed: "You changed your password",
  password_reset: "Your password was set anew",
  token_created: "You made a token",
  token_used: "A token of yours was used",
  token_revoked: "A token was revoked",
  account_registered: "You made this account",
  setup_completed: "You set up Hallpass",
  account_created: "An administrator made this account",
  profile_changed: "Your profile was changed",
  role_changed: "Your role was changed",
  account_disabled: "Your account was disabled",
  account_enabled: "Your account was enabled again",
  account_deleted: "The account was deleted",
  data_exported: "You downloaded your data",
  invitation_created: "You were invited",
  invitation_accepted: "You accepted the invitation",
  reset_link_created: "An administrator made a link to reset your password",
  password_reset_requested: "Somebody asked for a new password for you",
  email_change_requested: "You gave another e-mail address, to be confirmed",
  mail_undelivered: "A mail to you could not be delivered",
  database_restored: "A backup was restored",
};

/** What happened, told to the person it happened to. */
export function ownSentence({ event, detail }: { event: AuditEvent; detail?: string | null }): string {
  return event === "login_succeeded" && (detail === "new_browser" || detail === "first_browser")
    ? "You signed in with a new browser"
    : ownSentences[event];
}

/** The same as a heading in the audit. */
export const auditSentences: Record<AuditEvent, string> = {
  login_succeeded: "Signed in",
  reauthenticated: "Password entered again",
  sign_in_confirmed: "Sign-in confirmed",
  sign_in_denied: "Sign-in denied",
  login_failed: "Sign-in failed",
  login_throttled: "Sign-in slowed down",
  logged_out: "Signed out",
  session_ended: "Session ended",
  sessions_ended: "Sessions ended",
  refresh_token_reused: "Refresh token reused",
  password_changed: "Password changed",
  password_reset: "Password reset",
  token_created: "Token made",
  token_used: "Token used",
  token_revoked: "Token revoked",
  account_registered: "Account registered",
  setup_completed: "Set up",
  account_created: "Account made",
  profile_changed: "Profile changed",
  role_changed: "Role changed",
  account_disabled: "Account disabled",
  account_enabled: "Account enabled",
  account_deleted: "Account deleted",
  data_exported: "Data downloaded",
  invitation_created: "Invitation made",
  invitation_accepted: "Invitation accepted",
  reset_link_created: "Reset link made",
  password_reset_requested: "Password forgotten",
  email_change_requested: "Address to be confirmed",
  mail_undelivered: "Mail not delivered",
  database_restored: "Backup restored",
};
