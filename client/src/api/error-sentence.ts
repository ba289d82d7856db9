import { ApiError, Unreachable } from "#api/error.ts";
import type { Code } from "#api/gen/types.gen.ts";

const NOT_UNDERSTOOD = "The request could not be understood. Reload the page and try again.";
const ENDED = "Your session has ended.";

const sentences = {
  malformed_request: NOT_UNDERSTOOD,
  not_authenticated: "You are not signed in.",
  session_ended: ENDED,
  invalid_credentials: "The username or the password is wrong.",
  insufficient_scope: "This token may not do that.",
  forbidden: "Only administrators may do that.",
  registration_closed: "Accounts are made by administrators here.",
  username_taken: "Somebody has that username.",
  email_taken: "Somebody has that e-mail address.",
  last_admin: "This is the last administrator: make another one first.",
  setup_done: "There is an administrator already.",
  reauth_required: "Your password was not entered, so nothing was changed.",
  refresh_token_expired: ENDED,
  refresh_token_reused: ENDED,
  too_many_tokens: "You have too many tokens. Revoke one first.",
  cross_site_request: "This page was opened at the wrong address. Use the usual address of this server.",
  not_found: "This no longer exists.",
  method_not_allowed: NOT_UNDERSTOOD,
  payload_too_large: "That is too much at once.",
  unsupported_media_type: NOT_UNDERSTOOD,
  invalid_input: "Something in the form is not acceptable.",
  too_many_attempts: "Too many attempts. Wait a moment and try again.",
  internal_error: "Something went wrong on the server. Try again in a moment.",
  unavailable: "The service is not available right now. Try again in a moment.",
  overloaded: "Too many people are signing in right now. Try again in a moment.",
} satisfies Record<Code, string>;

/** What to tell a person about any error. */
export function errorSentence(error: unknown): string {
  if (error instanceof ApiError && error.expectedOrigin)
    return `This page was opened at ${location.origin}, but the address of this server is ${error.expectedOrigin}.`;
  if (error instanceof ApiError) return sentences[error.code];
  if (error instanceof Unreachable)
    return "The server cannot be reached. Check your connection and try again.";
  return "Something went wrong. Try again.";
}
