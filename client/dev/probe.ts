import { isDeepStrictEqual } from "node:util";

/** What asking the API gave: an answer, or why there is none. */
export type Answer = { status: number; body: unknown } | { failure: string };

/** One sentence about what is wrong with the API behind the dev server, and the mend; `undefined` when all is well. */
export function verdict(api: string, health: Answer, document: Answer, ours: unknown): string | undefined {
  if ("failure" in health) {
    return `The API at ${api} cannot be reached (${health.failure}): start it with \`just dev\`, or set HALLPASS_API.`;
  }
  if (!isHealth(health.body)) {
    return `What answers at ${api} is not Hallpass: stop it, or set HALLPASS_API to where Hallpass listens.`;
  }
  if (health.body.database !== "ok") {
    return `The API at ${api} has lost its database: see the server's log.`;
  }
  if ("failure" in document || !isDeepStrictEqual(document.body, ours)) {
    return `The API at ${api} is not the one that client/openapi.json describes: run \`just gen\`, or restart the server.`;
  }
  return undefined;
}

function isHealth(body: unknown): body is { status: string; database: string; version: string } {
  return (
    typeof body === "object" && body !== null && "status" in body && "database" in body && "version" in body
  );
}

/** Asks one address, for at most ten seconds: this process may itself be busy for some of them. */
export async function ask(url: string): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    return { failure: typeof code === "string" ? code : String(cause) };
  }
}

/** What JSON says; anything else as it is. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
