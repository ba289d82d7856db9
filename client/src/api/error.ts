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
  /** The origin under which the app works, with `cross_site_request`. */
  readonly expectedOrigin: string | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.request_id;
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ field, message }) => [field, message]));
    this.retryAfter = retryAfter;
    this.expectedOrigin = problem.expected_origin;
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

/** Whether what was typed is wrong, and something else is to be typed. */
export function isWrongInput(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 401 || error.status === 422);
}

/** Whether the fault is not the person's and passes by itself. */
export function isTrouble(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.status >= 500);
}
