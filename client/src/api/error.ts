import type { Code, EndReason, Problem } from "#api/gen/types.gen.ts";

/** The server understood the request and said no (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: Code;
  readonly requestId: string;
  /** What is wrong with each field, by the field's name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfter: number | undefined;
  /** Why and when the session ended, with `session_ended`. */
  readonly ended: { reason: EndReason; at: string } | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.request_id;
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ field, message }) => [field, message]));
    this.retryAfter = retryAfter;
    this.ended = problem.reason && problem.at ? { reason: problem.reason, at: problem.at } : undefined;
  }
}

/** No server of ours answered: the network is down, or a proxy in between speaks for it. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super("The server cannot be reached", { cause });
    this.name = "Unreachable";
  }
}

const NOT_UNDERSTOOD = "The request could not be understood. Reload the page and try again.";
const ENDED = "Your session has ended.";

const sentences = {
  malformed_request: NOT_UNDERSTOOD,
  not_authenticated: "You are not signed in.",
  session_ended: ENDED,
  invalid_credentials: "The username or the password is wrong.",
  insufficient_scope: "This token may not do that.",
  reauth_required: "Your password was not entered, so nothing was changed.",
  refresh_token_expired: ENDED,
  refresh_token_reused: ENDED,
  too_many_tokens: "You have too many tokens. Revoke one first.",
  cross_site_request:
    "This page was opened under an address that the server does not know. Use its usual address.",
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
  if (error instanceof ApiError) return sentences[error.code];
  if (error instanceof Unreachable)
    return "The server cannot be reached. Check your connection and try again.";
  return "Something went wrong. Try again.";
}

/** Whether the fault is not the person's and passes by itself. */
export function isTrouble(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.status >= 500);
}
