import { ApiError, Unreachable } from "#api/error.ts";
import { client } from "#api/gen/client.gen.ts";
import type { Code, Problem } from "#api/gen/types.gen.ts";
import { readDateHeader } from "#ui/server-clock.ts";

/**
 * Asked when a call is answered 401 because nobody is signed in (any more), or 403 because the password is wanted once
 * more. `true`: that was mended meanwhile, repeat the call. `false`: let the caller have the refusal.
 */
type Gate = (problem: Problem) => Promise<boolean>;

type Send = (request: Request) => Promise<Response>;

/** What can be mended while the call waits. */
const GATED: Code[] = ["not_authenticated", "session_ended", "reauth_required"];

/** These decide about the session themselves; holding them back would wait for their own answer. */
const UNGATED = ["GET /api/me", "GET /api/events", "POST /api/login", "POST /api/logout"];

/** Connects the generated functions with the server and the gate. Called once, before the first call. */
export function configureApi(gate: Gate, send: Send): void {
  client.setConfig({
    baseUrl: `${location.origin}/api`,
    credentials: "same-origin",
    fetch: (input, init) => gatedFetch(new Request(input, init), gate, timed(send)),
  });
  client.interceptors.response.fns.length = 0;
  client.interceptors.response.use(refuseForeignAnswers);
  client.interceptors.error.fns.length = 0;
  client.interceptors.error.use((error, response: Response | undefined) => toError(error, response));
}

/** Sends, and reads the server's clock from the response. */
function timed(send: Send): Send {
  return async (request) => {
    const sent = Date.now();
    const response = await send(request);
    readDateHeader(response, sent);
    return response;
  };
}

async function gatedFetch(request: Request, gate: Gate, send: Send): Promise<Response> {
  const spare = request.clone();
  const response = await send(request);
  const call = `${request.method} ${new URL(request.url).pathname}`;
  if ((response.status !== 401 && response.status !== 403) || UNGATED.includes(call)) return response;
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  // A wrong password and a plain no are for the caller.
  const isGated = isProblem(problem) && GATED.includes(problem.code);
  if (!isGated) return response;
  if (spare.signal.aborted || !(await gate(problem))) return response;
  return send(spare);
}

/** A captive portal or a misconfigured proxy answers 200 with a page of its own. */
function refuseForeignAnswers(response: Response): Response {
  const kind = response.headers.get("content-type") ?? "";
  const isEmpty = response.status === 204 || response.status === 202;
  if (response.ok && !isEmpty && !kind.startsWith("application/json")) throw new Unreachable();
  return response;
}

/** The error that an answer is, for those who ask without the generated functions. */
export async function errorOf(response: Response): Promise<unknown> {
  const problem: unknown = await response.json().catch(() => undefined);
  return toError(problem, response);
}

function toError(error: unknown, response: Response | undefined): unknown {
  if (error instanceof DOMException && error.name === "AbortError") return error;
  if (response === undefined || !isProblem(error)) return new Unreachable(error);
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ApiError(error, Number.isFinite(seconds) ? seconds : undefined);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "request_id" in value;
}
